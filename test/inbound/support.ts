import { randomUUID } from 'node:crypto';
import type { LightMyRequestResponse } from 'fastify';
import type { StepOutcome } from '../../activities/steps/step-definition.ts';
import type { Db } from '../../db/client.ts';
import { pointStep } from '../../db/flows.repository.ts';
import type { StepId, StepStatus } from '../../domain/clearing/steps.ts';
import { MON_2025_12_22, type ApiUnderTest } from '../api/support.ts';
import { closeRun, openRun, runStep, workOne, type Place } from '../bulk/support/run-step.ts';

export { MON_2025_12_22, startApi, type ApiUnderTest } from '../api/support.ts';

export const ACCOUNT = '20000001';
export const OTHER_ACCOUNT = '20000002';
export const CLOSED_ACCOUNT = '20000028';
export const TENCENT = 'ST/HK/700';
export const TRACKER = 'ETF/HK/2800';
/** 10:00 in Hong Kong. */
export const MORNING = '2025-12-22T02:00:00.000Z';

export const order = (orderId: string, more: Record<string, unknown> = {}) => ({
  orderId,
  version: 1,
  accountNo: ACCOUNT,
  instrumentId: TENCENT,
  side: 'BUY',
  orderChannel: 6,
  settlementChannel: 'CCASS',
  quantity: '1000',
  recordedAt: MORNING,
  ...more,
});

export const execution = (
  executionId: string,
  orderId: string,
  more: Record<string, unknown> = {},
) => ({
  executionId,
  version: 1,
  orderId,
  tradeDate: MON_2025_12_22,
  quantity: '100',
  price: '613.5',
  executedAt: MORNING,
  recordedAt: MORNING,
  ...more,
});

/** The JSON of an answer that must have succeeded. */
export async function ok<T = Record<string, unknown>>(
  answer: Promise<LightMyRequestResponse>,
): Promise<T> {
  const { statusCode, body } = await answer;
  if (statusCode !== 200) throw new Error(`${statusCode} ${body}`);
  return JSON.parse(body) as T;
}

export const send = (api: ApiUnderTest, kind: string, body: object) =>
  api.post(`/front-office/${kind}`, body);

export const sendCsv = (
  api: ApiUnderTest,
  path: string,
  text: string | Buffer,
  key: string = randomUUID(),
) =>
  api.post(path, undefined, {
    payload: text,
    headers: { 'content-type': 'text/csv', 'idempotency-key': key },
  });

export const FILE_HEADER =
  'serial,order_id,settlement_account,instrument_id,currency,side,quantity,price,amount';

export const fileRow = (serial: string, more: Record<string, string> = {}): string => {
  const row = {
    serial,
    order_id: '',
    settlement_account: 'B01888',
    instrument_id: TENCENT,
    currency: 'HKD',
    side: 'BUY',
    quantity: '100',
    price: '613.5',
    amount: '61350',
    ...more,
  };
  return FILE_HEADER.split(',')
    .map((column) => row[column as keyof typeof row])
    .join(',');
};

export const sendFile = (
  api: ApiUnderTest,
  rows: readonly string[],
  more: Record<string, string> = {},
  key: string = randomUUID(),
) => {
  const query = new URLSearchParams({
    market: 'HK',
    settlementChannel: 'CCASS',
    tradeDate: MON_2025_12_22,
    name: 'ctf.csv',
    ...more,
  });
  return sendCsv(api, `/trade-files?${query.toString()}`, [FILE_HEADER, ...rows].join('\n'), key);
};

export const HK = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 } as const;

/** Runs a step without Temporal and points the flow at its run, as the engine does. */
export async function clear(db: Db, step: StepId, place: Place = HK): Promise<StepOutcome> {
  const outcome = await runStep(db, place, step);
  const { rows } = await db.$client.query<{ id: number }>(
    'SELECT max(step_run_id) AS id FROM step_runs WHERE ledger_date = $1 AND flow = $2 AND step = $3',
    [place.ledgerDate, place.flow, step],
  );
  await pointStep(db, place, { step, status: outcome.status, stepRunId: rows[0]?.id ?? 0 });
  return outcome;
}

export { closeRun, openRun, workOne };

/** Puts the flow where a rule wants it. */
export async function place(
  db: Db,
  state: {
    readonly mode?: string;
    readonly steps?: Partial<Record<StepId, StepStatus>>;
    readonly frozen?: boolean;
  },
): Promise<void> {
  const { mode = 'IDLE', steps = {}, frozen = false } = state;
  await db.$client.query(
    `UPDATE flow_days SET mode = $1, trades_frozen_at = CASE WHEN $2 THEN now() END
     WHERE ledger_date = $3 AND flow = 'HK'`,
    [mode, frozen, MON_2025_12_22],
  );
  for (const [step, status] of Object.entries(steps)) {
    await pointStep(db, HK, { step: step as StepId, status });
  }
}

export async function flowOf(db: Db): Promise<{ revision: number; steps: Record<string, string> }> {
  const { rows } = await db.$client.query<{ revision: number; steps: Record<string, string> }>(
    `SELECT f.revision, json_object_agg(s.step, s.status) AS steps FROM flow_days f
     JOIN flow_steps s USING (ledger_date, flow)
     WHERE f.ledger_date = $1 AND f.flow = 'HK' GROUP BY f.revision`,
    [MON_2025_12_22],
  );
  return rows[0] ?? { revision: 0, steps: {} };
}

export async function count(db: Db, table: string, where = 'true'): Promise<number> {
  const { rows } = await db.$client.query<{ n: number }>(
    `SELECT count(*) AS n FROM ${table} WHERE ${where}`,
  );
  return rows[0]?.n ?? 0;
}
