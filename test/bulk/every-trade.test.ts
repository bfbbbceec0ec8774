import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { pointStep } from '../../db/flows.repository.ts';
import { readClosing } from '../../db/queries/closing.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import {
  addTrade,
  changeFill,
  MON_2025_12_22,
  rollTo,
  smallBroker,
  TUE_2025_12_23,
} from './support/broker.ts';
import { runStep } from './support/run-step.ts';

const EVERY_TRADE = 'each trade is in exactly one of contract and exception';

let db: Db;
beforeEach(async () => {
  db = await smallBroker();
});
afterEach(() => db.$client.end());

/** Clears the date and points its sync at the run, as the engine does. */
async function clear(ledgerDate: BusinessDate): Promise<void> {
  const place = { ledgerDate, flow: 'HK', generation: 1 };
  const { status } = await runStep(db, place, 'sync');
  const { rows } = await db.$client.query<{ id: number }>(
    "SELECT max(step_run_id) AS id FROM step_runs WHERE step = 'sync'",
  );
  await pointStep(db, place, { step: 'sync', status, stepRunId: rows[0]?.id ?? 0 });
  for (const step of ['billing', 'posting', 'settlement'] as const) await runStep(db, place, step);
}

const buy = (id: string, more: Partial<Parameters<typeof addTrade>[1]> = {}) =>
  addTrade(db, { orderId: id, accountNo: 'A0001', fills: [[`${id}-1`, '100', '50']], ...more });

async function broken(ledgerDate: BusinessDate): Promise<unknown> {
  const { invariants } = await readClosing(db, ledgerDate);
  const asked = invariants.find(({ name }) => name === EVERY_TRADE);
  return asked?.ok === false ? asked.details['example'] : asked?.ok;
}

describe('the closing table', () => {
  it('finds every trade of a day with trades of all kinds', async () => {
    await buy('BOOKED');
    await buy('SET-ASIDE', { instrumentId: '99999.HK' });
    await buy('CANCELLED');
    await changeFill(db, 'CANCELLED-1', { cancelled: true, at: '2025-12-22T03:00:00Z' });
    await buy('AFTER-CUTOFF', { recordedAt: '2025-12-22T10:00:00Z' });
    await buy('MOVED');
    await clear(MON_2025_12_22);
    expect(await broken(MON_2025_12_22)).toBe(true);
    const at = '2025-12-23T01:00:00Z';
    await changeFill(db, 'MOVED-1', { tradeDate: TUE_2025_12_23, at });
    await rollTo(db, TUE_2025_12_23);
    await clear(TUE_2025_12_23);
    expect(await broken(TUE_2025_12_23)).toBe(true);
    expect(await broken(MON_2025_12_22)).toBe(true);
  });

  it('does not ask for a trade that the sync could not know', async () => {
    await buy('O1');
    await clear(MON_2025_12_22);
    await buy('TOLD-LATE');
    expect(await broken(MON_2025_12_22)).toBe(true);
  });

  it('misses a trade that is neither booked nor set aside', async () => {
    await buy('O1');
    await buy('LOST', { instrumentId: '99999.HK' });
    await clear(MON_2025_12_22);
    await db.$client.query('DELETE FROM trade_exceptions');
    expect(await broken(MON_2025_12_22)).toMatchObject({
      execution_id: 'LOST-1',
      expected: true,
      booked: 0,
      set_aside: 0,
    });
  });

  it('sees a trade that is booked on two ledger dates', async () => {
    await buy('O1');
    await clear(MON_2025_12_22);
    await rollTo(db, TUE_2025_12_23);
    await buy('O2', { tradeDate: TUE_2025_12_23 });
    await clear(TUE_2025_12_23);
    await db.$client.query(
      `INSERT INTO executions SELECT ledger_date, order_no, 2, 'O1-1', 1, serial, quantity, price,
         executed_at FROM executions WHERE execution_id = 'O2-1'`,
    );
    expect(await broken(TUE_2025_12_23)).toMatchObject({
      execution_id: 'O1-1',
      booked: 1,
      booked_before: 1,
    });
  });
});
