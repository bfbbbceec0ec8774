import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../domain/calendar/business-date.ts';
import { rollTo } from '../bulk/support/broker.ts';
import {
  ACCOUNT,
  clear,
  execution,
  fileRow,
  HK,
  MON_2025_12_22,
  ok,
  order,
  place,
  send,
  sendFile,
  startApi,
  TENCENT,
  type ApiUnderTest,
} from './support.ts';

const TUE_2025_12_23 = parseBusinessDate('2025-12-23');
/** 18:30 in Hong Kong, after Monday's cutoff. */
const EVENING = '2025-12-22T10:30:00Z';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
  await ok(send(api, 'orders', order('O1')));
  await ok(send(api, 'executions', execution('E1', 'O1')));
  for (const step of ['sync', 'preCheck', 'billing', 'posting'] as const) {
    await clear(api.db, step);
  }
});
afterEach(() => api.close());

describe('what earlier runs posted is in the counterparty’s file as well', () => {
  it('counts on our side when a supplement joins after a revoke that kept the postings', async () => {
    await place(api.db, {
      mode: 'IDLE',
      steps: { sync: 'INVALIDATED', preCheck: 'INVALIDATED', billing: 'INVALIDATED' },
    });
    await ok(
      api.post('/supplements', {
        ledgerDate: MON_2025_12_22,
        accountNo: ACCOUNT,
        instrumentId: TENCENT,
        side: 'BUY',
        settlementChannel: 'CCASS',
        tradeDate: MON_2025_12_22,
        executions: [{ serial: 'X1', quantity: '100', price: '613.5' }],
      }),
    );
    await ok(sendFile(api, [fileRow('E1'), fileRow('X1')]));
    const again = { ...HK, generation: 2 };
    await clear(api.db, 'sync', again);
    expect((await clear(api.db, 'preCheck', again)).status).toBe('SUCCEEDED');
    await ok(sendFile(api, [fileRow('X1')]));
    expect((await clear(api.db, 'preCheck', again)).status).toBe('BLOCKED_BY_CHECK');
  });

  it('counts on our side when a trade of that day comes a ledger date late', async () => {
    await ok(send(api, 'executions', execution('E2', 'O1', { recordedAt: EVENING })));
    await rollTo(api.db, TUE_2025_12_23);
    const tuesday = { ...HK, ledgerDate: TUE_2025_12_23 };
    await clear(api.db, 'sync', tuesday);
    await ok(sendFile(api, [fileRow('E1'), fileRow('E2')]));
    const outcome = await clear(api.db, 'preCheck', tuesday);
    expect(outcome.status).toBe('SUCCEEDED');
    expect(outcome.result).toMatchObject({ checks: 1, failed: 0 });
    await ok(sendFile(api, [fileRow('E1')]));
    expect((await clear(api.db, 'preCheck', tuesday)).status).toBe('BLOCKED_BY_CHECK');
  });

  it('is not asked about again on a later date without late trades', async () => {
    await ok(sendFile(api, [fileRow('E1'), fileRow('E9')]));
    await rollTo(api.db, TUE_2025_12_23);
    const tuesday = { ...HK, ledgerDate: TUE_2025_12_23 };
    await clear(api.db, 'sync', tuesday);
    expect((await clear(api.db, 'preCheck', tuesday)).status).toBe('SUCCEEDED_EMPTY');
  });
});
