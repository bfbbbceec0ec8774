import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluateReadiness } from '../../activities/readiness-items.ts';
import type { Db } from '../../db/client.ts';
import { storeReadiness } from '../../db/readiness.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import { readinessVerdict, type ReadinessResult } from '../../domain/readiness/readiness.ts';
import {
  count,
  execution,
  fileRow,
  MON_2025_12_22,
  ok,
  order,
  send,
  sendFile,
  startApi,
  type ApiUnderTest,
} from './support.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const evaluate = (flow = 'HK'): Promise<ReadinessResult[]> =>
  inTransaction(api.db, (t) => evaluateReadiness(t, { ledgerDate: MON_2025_12_22, flow }));

const byNobody = () => false;
const itemOf = async (item: string, flow = 'HK') =>
  (await evaluate(flow)).find((result) => result.item === item);

async function trade(more: Record<string, unknown> = {}): Promise<void> {
  await ok(send(api, 'orders', order('O1', more)));
  await ok(send(api, 'executions', execution('E1', 'O1')));
}

/** Fee rules are append-only: only a superuser can be without them. */
const bypassingTriggers = (db: Db, statement: string): Promise<void> =>
  inTransaction(db, async ({ client }) => {
    await client.query('SET LOCAL session_replication_role = replica');
    await client.query(statement);
  });

describe('readiness', () => {
  it('passes on a day without trades, without any file (L20)', async () => {
    const results = await evaluate();
    expect(results.map(({ item, severity, passed }) => [item, severity, passed])).toEqual([
      ['ready_calendar', 2, true],
      ['ready_market_rule', 2, true],
      ['ready_trade_file', 1, true],
    ]);
    expect(readinessVerdict(results, byNobody)).toBe('PASSED');
  });

  it('misses the file of a channel that has trades, and no other', async () => {
    await trade();
    const results = await evaluate();
    expect(results.at(-1)).toEqual({
      item: 'ready_trade_file',
      severity: 1,
      passed: false,
      details: {
        missing: [{ market: 'HK', settlementChannel: 'CCASS', tradeDate: MON_2025_12_22 }],
      },
      evidenceHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(readinessVerdict(results, byNobody)).toBe('BLOCKED');
    await ok(sendFile(api, [fileRow('E1')]));
    expect(await itemOf('ready_trade_file')).toMatchObject({ passed: true });
  });

  it('asks no file of a channel without reconciliation', async () => {
    await trade({ settlementChannel: 'HKOTC' });
    expect(await itemOf('ready_trade_file')).toMatchObject({ passed: true });
  });

  it('asks no file for trades that are cancelled or came after the cutoff', async () => {
    await trade();
    const cancel = execution('E1', 'O1', { version: 2, cancelled: true });
    await ok(send(api, 'executions', cancel));
    const late = execution('E2', 'O1', { recordedAt: '2025-12-22T09:00:01Z' });
    await ok(send(api, 'executions', late));
    expect(await itemOf('ready_trade_file')).toMatchObject({ passed: true });
  });

  it('misses calendars that do not reach the settlement dates', async () => {
    await api.db.$client.query(
      `UPDATE calendar_coverage SET covered_to = '2025-12-24' WHERE market = 'HK'`,
    );
    expect(await itemOf('ready_calendar')).toMatchObject({
      passed: false,
      severity: 2,
      details: { missing: [{ market: 'HK' }] },
    });
    expect(await itemOf('ready_calendar', 'day-end')).toMatchObject({ passed: false });
  });

  it.each([
    ['settlement_cycles', 'settlementCycle'],
    ['fee_rules', 'feeRules'],
  ])('misses a market without %s', async (table, rule) => {
    await bypassingTriggers(api.db, `DELETE FROM ${table} WHERE market = 'HK'`);
    expect(await itemOf('ready_market_rule')).toMatchObject({
      passed: false,
      details: { missing: [{ market: 'HK', rule }] },
    });
    expect(await itemOf('ready_market_rule', 'US')).toMatchObject({ passed: true });
  });

  it('takes severity and use of an item from the settings', async () => {
    await trade();
    const set = (text: string) =>
      api.db.$client.query(`UPDATE readiness_items SET ${text} WHERE item = 'ready_trade_file'`);
    await set('severity = 0');
    const results = await evaluate();
    expect(results.at(-1)).toMatchObject({ severity: 0, passed: false });
    expect(readinessVerdict(results, byNobody)).toBe('PASSED');
    await set('enabled = false');
    expect(await itemOf('ready_trade_file')).toBeUndefined();
  });

  it('of the day end looks at the calendars of every market', async () => {
    expect((await evaluate('day-end')).map(({ item }) => item)).toEqual(['ready_calendar']);
  });

  it('stores each run under a number of its own', async () => {
    for (const commandId of ['first', 'second']) {
      const results = await evaluate();
      await storeReadiness(api.db, { ledgerDate: MON_2025_12_22, flow: 'HK', commandId, results });
    }
    expect(await count(api.db, 'readiness_results', `run = 2 AND command_id = 'second'`)).toBe(3);
  });
});
