import { Decimal } from '../../../domain/money/decimal.ts';
import type { Answer, Api } from './api.ts';
import type { PlacedOrder } from './front-office.ts';

/** A row of a counterparty file; '' where the counterparty knows nothing. */
export interface FileRow {
  readonly serial: string;
  readonly order_id: string;
  readonly settlement_account: string;
  readonly instrument_id: string;
  readonly currency: string;
  readonly side: string;
  readonly quantity: string;
  readonly price: string;
  readonly amount: string;
}

const COLUMNS = [
  'serial',
  'order_id',
  'settlement_account',
  'instrument_id',
  'currency',
  'side',
  'quantity',
  'price',
  'amount',
] as const satisfies readonly (keyof FileRow)[];

const CURRENCY: Readonly<Record<string, string>> = { HK: 'HKD', US: 'USD' };

/** The rows of a counterparty that agrees with us in everything. */
export const rowsFor = (orders: readonly PlacedOrder[]): FileRow[] =>
  orders.flatMap((order) =>
    order.executions.map(({ executionId, quantity, price }) => ({
      serial: executionId,
      order_id: order.orderId,
      settlement_account: 'B01888',
      instrument_id: order.instrumentId,
      currency: CURRENCY[order.market] ?? '',
      side: order.side,
      quantity,
      price,
      amount: new Decimal(quantity).times(price).toFixed(),
    })),
  );

export const csvOf = (rows: readonly FileRow[]): string =>
  `${[COLUMNS.join(','), ...rows.map((row) => COLUMNS.map((name) => row[name]).join(','))].join('\n')}\n`;

export interface FileFor {
  readonly settlementChannel: string;
  readonly tradeDate: string;
  readonly market?: string;
  readonly name?: string;
}

export interface ImportedFile {
  readonly fileId: number;
  readonly status: string;
  readonly rowCount: number;
  readonly badRowCount: number;
  readonly preCheckInvalidated: boolean;
  readonly errors: readonly {
    readonly row: number;
    readonly field: string;
    readonly code: string;
  }[];
}

/** Imports rows as the file of a channel; the answer as it came. */
export function sendTradeFile(
  api: Api,
  { settlementChannel, tradeDate, market, name }: FileFor,
  rows: readonly FileRow[],
): Promise<Answer<ImportedFile>> {
  const query = new URLSearchParams({
    market: market ?? (settlementChannel.startsWith('IB') ? 'US' : 'HK'),
    settlementChannel,
    tradeDate,
    name: name ?? `${tradeDate}-${settlementChannel}.csv`,
  });
  return api.postCsv(`/trade-files?${query.toString()}`, csvOf(rows));
}

/** A file that agrees with these orders, for each channel and trade date among them. */
export async function importAgreeingFiles(api: Api, orders: readonly PlacedOrder[]): Promise<void> {
  const groups = new Map<string, PlacedOrder[]>();
  for (const order of orders) {
    if (order.settlementChannel === 'HKOTC') continue;
    const key = `${order.settlementChannel} ${order.tradeDate}`;
    groups.set(key, [...(groups.get(key) ?? []), order]);
  }
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { status, body } = await sendTradeFile(api, first, rowsFor(group));
    if (status !== 200) throw new Error(`trade file: ${status} ${JSON.stringify(body)}`);
  }
}
