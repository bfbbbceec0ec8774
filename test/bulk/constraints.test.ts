import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import { addTrade, MON_2025_12_22, rollTo, smallBroker, TUE_2025_12_23 } from './support/broker.ts';
import { runStep } from './support/run-step.ts';

const BOOKS = ['journals', 'postings', 'contracts', 'fees'] as const;
const MONDAY = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 } as const;

/** SQLSTATE: what PostgreSQL says when it refuses. */
const INTEGRITY = '23000';
const UNIQUE = '23505';
const CHECK = '23514';

let db: Db;
beforeAll(async () => {
  db = await smallBroker();
  await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50.25']] });
  for (const step of ['sync', 'billing', 'posting'] as const) await runStep(db, MONDAY, step);
});
afterAll(() => db.$client.end());

const refusal = (statement: string) => expect(db.$client.query(statement), statement).rejects;

describe('the books', () => {
  const tables = BOOKS.flatMap((table) => [table, `${table}_20251222`]);

  it.each(tables)('%s holds rows, and none of them can be changed or taken away', async (table) => {
    const { rowCount } = await db.$client.query(`SELECT 1 FROM ${table}`);
    expect(rowCount).toBeGreaterThan(0);
    for (const statement of [
      `UPDATE ${table} SET ledger_date = ledger_date`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
      `TRUNCATE ${table} CASCADE`,
    ]) {
      await refusal(statement).toMatchObject({ code: INTEGRITY, message: /append-only/ });
    }
  });

  it('are as closed on a ledger date that opens later', async () => {
    await rollTo(db, TUE_2025_12_23);
    for (const table of BOOKS) {
      await refusal(`TRUNCATE ${table}_20251223`).toMatchObject({ code: INTEGRITY });
    }
  });

  it('hold one journal of a kind for a source and generation', async () => {
    const again = `INSERT INTO journals SELECT ledger_date, journal_id + 1000, kind, step_run_id,
      generation, flow, source_kind, source_id, account_id, value_date, reverses_journal_id
      FROM journals`;
    await refusal(again).toMatchObject({ code: UNIQUE, table: 'journals_20251222' });
  });

  it('hold no posting of nothing', async () => {
    const nothing = `INSERT INTO postings SELECT ledger_date, journal_id, line + 100,
      ledger_account_id, asset_id, bucket, settlement_date, 0 FROM postings`;
    await refusal(nothing).toMatchObject({
      code: CHECK,
      constraint: 'postings_amount_is_not_zero',
    });
  });

  it('store no balance of a house account', async () => {
    const house = `INSERT INTO balances VALUES (${FIRST_CLIENT_ACCOUNT - 1}, 1, 1, 100)`;
    await refusal(house).toMatchObject({ code: CHECK, constraint: 'balances_belong_to_clients' });
  });
});

describe('the clearing state', () => {
  it('has one open ledger date', async () => {
    const another = `INSERT INTO ledger_dates (ledger_date, status, cutoff_at)
      VALUES ('2025-12-24', 'OPEN', now())`;
    await refusal(another).toMatchObject({
      code: UNIQUE,
      constraint: 'ledger_dates_only_one_is_open',
    });
  });

  it('has one running step in a flow, and as many flows running as there are', async () => {
    const run = (flow: string, step: string): string =>
      `INSERT INTO step_runs (ledger_date, flow, step, generation, pass, status, inputs)
       VALUES ('2025-12-23', '${flow}', '${step}', 1, 1, 'RUNNING', '{}')`;
    await db.$client.query(run('HK', 'sync'));
    await db.$client.query(run('US', 'sync'));
    await refusal(run('HK', 'preCheck')).toMatchObject({
      code: UNIQUE,
      constraint: 'step_runs_one_running_per_flow',
    });
  });
});
