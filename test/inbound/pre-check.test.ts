import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StepOutcome } from '../../activities/steps/step-definition.ts';
import {
  clear,
  closeRun,
  count,
  execution,
  fileRow,
  HK,
  ok,
  openRun,
  order,
  OTHER_ACCOUNT,
  send,
  sendFile,
  startApi,
  TRACKER,
  workOne,
  type ApiUnderTest,
} from './support.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

type Difference = Record<string, string | number | null>;

async function differences(): Promise<Difference[]> {
  const { rows } = await api.db.$client.query<Difference>(
    `SELECT d.* FROM trade_differences d JOIN check_summaries s USING (task_id)
     WHERE s.step_run_id = (SELECT max(step_run_id) FROM check_summaries)
     ORDER BY d.task_id, d.line_no`,
  );
  return rows;
}

const summariesOf = (outcome: StepOutcome) =>
  outcome.result['summaries'] as {
    settlementChannel: string;
    taskStatus: string;
    taskNum: number;
  }[];

/** O1 with two fills on CCASS. */
async function trade(): Promise<void> {
  await ok(send(api, 'orders', order('O1')));
  await ok(send(api, 'executions', { items: [execution('E1', 'O1'), execution('E2', 'O1')] }));
}

const channel = (set: string) =>
  api.db.$client.query(`UPDATE settlement_channels SET ${set} WHERE settlement_channel = 'CCASS'`);

describe('by execution', () => {
  it('passes when both sides say the same, and stores no difference', async () => {
    await trade();
    await ok(sendFile(api, [fileRow('E1'), fileRow('E2')]));
    await clear(api.db, 'sync');
    const outcome = await clear(api.db, 'preCheck');
    expect(outcome.status).toBe('SUCCEEDED');
    expect(summariesOf(outcome)).toMatchObject([
      { settlementChannel: 'CCASS', taskStatus: 'PASSED', taskNum: 0 },
    ]);
    expect(await differences()).toEqual([]);
  });

  it('shows an execution that only the counterparty has, and passes once it is there (L29, L30)', async () => {
    await trade();
    await ok(sendFile(api, [fileRow('E1'), fileRow('E2'), fileRow('E3', { side: 'SELL' })]));
    await clear(api.db, 'sync');
    const outcome = await clear(api.db, 'preCheck');
    expect(outcome.status).toBe('BLOCKED_BY_CHECK');
    expect(outcome.failure).toMatchObject({
      code: 'CHECK_NOT_PASSED',
      details: { summaries: [{ settlementChannel: 'CCASS', taskNum: 1 }] },
    });
    expect(await differences()).toMatchObject([
      {
        result_tag: 'counterpartyOnly',
        clearing_id: null,
        other_id: 'E3',
        other_instrument_id: 'ST/HK/700',
        other_indicator: 'SELL',
        other_quantity: '100',
        other_amount: '61350',
        quantity: '-100',
        amount: '-61350',
        settlement_account: 'B01888',
        verified: 'execution',
      },
    ]);
    await ok(send(api, 'orders', order('O2', { side: 'SELL' })));
    await ok(send(api, 'executions', execution('E3', 'O2')));
    await clear(api.db, 'sync');
    expect((await clear(api.db, 'preCheck')).status).toBe('SUCCEEDED');
    // The failed summary stays as history.
    expect(await count(api.db, 'check_summaries')).toBe(2);
    expect(await count(api.db, 'trade_differences')).toBe(1);
  });

  it('shows our executions that no file confirms', async () => {
    await trade();
    await clear(api.db, 'sync');
    const outcome = await clear(api.db, 'preCheck');
    expect(summariesOf(outcome)).toMatchObject([{ taskStatus: 'FAILED', taskNum: 2 }]);
    expect(await differences()).toMatchObject([
      {
        result_tag: 'localOnly',
        clearing_id: 'E1',
        account_no: '20000001',
        clearing_price: '613.5',
      },
      { result_tag: 'localOnly', clearing_id: 'E2' },
    ]);
    const { rows } = await api.db.$client.query<{ details: unknown }>(
      'SELECT details FROM check_summaries',
    );
    expect(rows[0]?.details).toMatchObject({ missingFiles: ['2025-12-22'] });
  });

  it.each([
    ['side', { side: 'SELL' }],
    ['quantity', { quantity: '101' }],
    ['amount', { amount: '61350.01' }],
    ['instrument', { instrument_id: TRACKER }],
    ['an unknown instrument', { instrument_id: 'ST/HK/55555' }],
    ['currency', { currency: 'USD' }],
  ])('finds another %s', async (_what, change) => {
    await trade();
    await ok(sendFile(api, [fileRow('E1'), fileRow('E2', change)]));
    await clear(api.db, 'sync');
    expect((await clear(api.db, 'preCheck')).status).toBe('BLOCKED_BY_CHECK');
    expect(await differences()).toMatchObject([
      { result_tag: 'mismatch', clearing_id: 'E2', other_id: 'E2' },
    ]);
  });

  it('finds an execution that the file has twice', async () => {
    await trade();
    await ok(sendFile(api, [fileRow('E1'), fileRow('E2'), fileRow('E2')]));
    await clear(api.db, 'sync');
    expect((await clear(api.db, 'preCheck')).status).toBe('BLOCKED_BY_CHECK');
    expect(await differences()).toMatchObject([{ result_tag: 'duplicate', other_id: 'E2' }]);
  });

  it('lets an amount differ within the tolerance, and not without one (L31)', async () => {
    await trade();
    await ok(sendFile(api, [fileRow('E1'), fileRow('E2', { amount: '61350.03' })]));
    await clear(api.db, 'sync');
    expect((await clear(api.db, 'preCheck')).status).toBe('BLOCKED_BY_CHECK');
    await channel(`tolerance = 0.05`);
    const outcome = await clear(api.db, 'preCheck');
    expect(outcome.status).toBe('SUCCEEDED');
    expect(await differences()).toMatchObject([
      {
        result_tag: 'matched',
        tolerance_status: 'WITHIN',
        amount: '-0.03',
        tolerance_threshold: '0.05',
      },
    ]);
    await channel(`tolerance = 0.02`);
    expect((await clear(api.db, 'preCheck')).status).toBe('BLOCKED_BY_CHECK');
    expect(await differences()).toMatchObject([{ tolerance_status: 'EXCEEDED' }]);
  });

  it('balances a supplement without a serial by instrument, where the channel allows it (L32)', async () => {
    await trade();
    await ok(
      api.post('/supplements', {
        ledgerDate: '2025-12-22',
        accountNo: OTHER_ACCOUNT,
        instrumentId: 'ST/HK/700',
        side: 'BUY',
        settlementChannel: 'CCASS',
        tradeDate: '2025-12-22',
        executions: [{ quantity: '300', price: '613.5' }],
      }),
    );
    const theirs = [fileRow('X1'), fileRow('X2', { quantity: '200', amount: '122700' })];
    await ok(sendFile(api, [fileRow('E1'), fileRow('E2'), ...theirs]));
    await clear(api.db, 'sync');
    expect((await clear(api.db, 'preCheck')).status).toBe('BLOCKED_BY_CHECK');
    await channel('fuzzy_by_instrument = true');
    const outcome = await clear(api.db, 'preCheck');
    expect(outcome.status).toBe('SUCCEEDED');
    expect(summariesOf(outcome)).toMatchObject([{ taskStatus: 'PASSED', taskNum: 0 }]);
    expect(
      (await differences()).map((row) => [row['result_tag'], row['downgrade_status']]),
    ).toEqual([
      ['localOnly', 'BALANCED'],
      ['counterpartyOnly', 'BALANCED'],
      ['counterpartyOnly', 'BALANCED'],
    ]);
  });
});

describe('by order and by instrument', () => {
  it('sums the executions of an order', async () => {
    await channel(`match_mode = 'order'`);
    await trade();
    const sum = { order_id: 'O1', quantity: '200', amount: '122700' };
    await ok(sendFile(api, [fileRow('', sum)]));
    await clear(api.db, 'sync');
    expect((await clear(api.db, 'preCheck')).status).toBe('SUCCEEDED');
    await ok(sendFile(api, [fileRow('', { ...sum, quantity: '201' })]));
    expect((await clear(api.db, 'preCheck')).status).toBe('BLOCKED_BY_CHECK');
    expect(await differences()).toMatchObject([
      { result_tag: 'mismatch', clearing_id: 'O1', clearing_price: null, other_price: '613.5' },
    ]);
  });

  it('sums all trades of an instrument and side', async () => {
    await channel(`match_mode = 'instrument'`);
    await trade();
    await ok(send(api, 'orders', order('O2', { accountNo: OTHER_ACCOUNT })));
    await ok(send(api, 'executions', execution('E3', 'O2')));
    const sum = { quantity: '150', amount: '92025' };
    await ok(sendFile(api, [fileRow('T1', sum), fileRow('T2', sum)]));
    await clear(api.db, 'sync');
    expect((await clear(api.db, 'preCheck')).status).toBe('SUCCEEDED');
    await ok(sendFile(api, [fileRow('T1', sum), fileRow('T2', { ...sum, side: 'SELL' })]));
    expect((await clear(api.db, 'preCheck')).status).toBe('BLOCKED_BY_CHECK');
    expect((await differences()).map((row) => row['result_tag'])).toEqual([
      'mismatch',
      'counterpartyOnly',
    ]);
  });

  it('asks nothing of a channel without reconciliation', async () => {
    await channel(`match_mode = 'none'`);
    await trade();
    await clear(api.db, 'sync');
    expect((await clear(api.db, 'preCheck')).status).toBe('SUCCEEDED_EMPTY');
    expect(await count(api.db, 'check_summaries')).toBe(0);
  });
});

describe('a run of the check', () => {
  it('of an empty market has nothing to do', async () => {
    await clear(api.db, 'sync');
    const outcome = await clear(api.db, 'preCheck');
    expect(outcome).toMatchObject({ status: 'SUCCEEDED_EMPTY' });
  });

  it('is all there or not there, and a second attempt finds what the first committed', async () => {
    await trade();
    await clear(api.db, 'sync');
    const run = await openRun(api.db, HK, 'preCheck');
    await expect(workOne(api.db, run, 0, { stopAfter: 0 })).rejects.toMatchObject({
      code: 'FENCED_OUT',
    });
    expect(await count(api.db, 'check_summaries')).toBe(0);
    await workOne(api.db, run, 0);
    // A crash after the commit, before the shard is done.
    await api.db.$client.query(`UPDATE step_shards SET status = 'OPEN' WHERE step_run_id = $1`, [
      run.stepRunId,
    ]);
    await workOne(api.db, run, 0);
    expect(await count(api.db, 'check_summaries')).toBe(1);
    expect((await closeRun(api.db, run)).status).toBe('BLOCKED_BY_CHECK');
  });

  it('gives equal sets of differences the same digest', async () => {
    await trade();
    await clear(api.db, 'sync');
    await clear(api.db, 'preCheck');
    await clear(api.db, 'preCheck');
    await ok(sendFile(api, [fileRow('E1')]));
    await clear(api.db, 'preCheck');
    const { rows } = await api.db.$client.query<{ hash: string }>(
      'SELECT differences_hash AS hash FROM check_summaries ORDER BY task_id',
    );
    const [first, second, third] = rows.map(({ hash }) => hash);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
  });

  it('stores ten thousand differences and counts the rest', async () => {
    await ok(
      sendFile(
        api,
        Array.from({ length: 10_050 }, (_, at) => fileRow(`X${at}`)),
      ),
    );
    await clear(api.db, 'sync');
    const outcome = await clear(api.db, 'preCheck');
    expect(summariesOf(outcome)).toMatchObject([{ taskNum: 10_050 }]);
    expect(await count(api.db, 'trade_differences')).toBe(10_000);
    const { rows } = await api.db.$client.query<{ details: unknown }>(
      'SELECT details FROM check_summaries',
    );
    expect(rows[0]?.details).toMatchObject({ omitted: 50, byTag: { counterpartyOnly: 10_050 } });
  });
});
