import { poll } from '../../../scripts/embedded/processes.ts';
import { freshDatabase } from '../../support/database.ts';
import { startSystem } from '../../support/system.ts';
import { signIn, type Answer, type Api } from '../support/api.ts';
import { orderOf, sendOrders } from '../support/front-office.ts';
import { AFTER_EVERY_CUTOFF, MON_2025_12_22 } from '../support/tiny-system.ts';
import type { Problem } from '../support/views.ts';

export const TEN_MEGABYTES = 10 * 1024 * 1024;
/** Later than the clock's today. */
export const AFTER_TODAY = '2026-01-02';

export interface FieldError {
  readonly row: number;
  readonly field: string;
  readonly code: string;
}

export interface Door {
  readonly operator: Api;
  readonly baseUrl: string;
  readonly stop: () => Promise<void>;
}

/** An order that `openDoor` has sent with its execution. */
export const STORED = orderOf({
  accountNo: '20000001',
  instrumentId: 'ST/HK/700',
  tradeDate: MON_2025_12_22,
  orderId: 'STORED',
});

/** The API alone over a tiny broker: what is refused at its door needs no worker. */
export async function openDoor(): Promise<Door> {
  const system = await startSystem({
    databaseUrl: await freshDatabase('tiny'),
    clock: AFTER_EVERY_CUTOFF,
    roles: ['server'],
  });
  const operator = await poll('an API', 60_000, () => signIn(system.baseUrl));
  await sendOrders(operator, [STORED]);
  return { operator, baseUrl: system.baseUrl, stop: system.stop };
}

export const order = (orderId: string, more: object = {}) => ({
  orderId,
  version: 1,
  accountNo: '20000001',
  instrumentId: 'ST/HK/700',
  side: 'BUY',
  orderChannel: 3,
  settlementChannel: 'CCASS',
  quantity: '100',
  recordedAt: '2025-12-22T02:00:00Z',
  ...more,
});

export const execution = (executionId: string, more: object = {}) => ({
  executionId,
  version: 1,
  orderId: STORED.orderId,
  tradeDate: MON_2025_12_22,
  quantity: '100',
  price: '613.5',
  executedAt: '2025-12-22T02:00:00Z',
  recordedAt: '2025-12-22T02:00:00Z',
  ...more,
});

export type Kind = 'orders' | 'executions';

export const sendRows = <T = Problem>(api: Api, kind: Kind, body: object): Promise<Answer<T>> =>
  api.ask<T>('POST', `/front-office/${kind}`, { body: { ...body } });

/** A row of which nothing was stored counts as new when it is sent alone. */
export async function wasUnknown(api: Api, kind: Kind, row: object): Promise<boolean> {
  const { status, body } = await sendRows<{ added: number }>(api, kind, row);
  return status === 200 && body.added === 1;
}

export const listed = (errors: unknown): [number, string, string][] =>
  (errors as readonly FieldError[])
    .map(({ row, field, code }): [number, string, string] => [row, field, code])
    .sort();
