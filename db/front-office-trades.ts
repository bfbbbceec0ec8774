import type pg from 'pg';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { rowError, type RowError } from '../domain/front-office/row-reader.ts';
import {
  readExecution,
  readOrder,
  type ExecutionRow,
  type FrontOfficeFacts,
  type MarketFacts,
  type OrderRow,
} from '../domain/front-office/rows.ts';
import { canonicalDecimal, contentKey } from '../domain/front-office/versions.ts';
import {
  endVersions,
  FROM_THE_BEGINNING,
  versionsOf,
  type FrontOfficeTable,
  type NumberedRow,
  type ResolvedRows,
  type VersionColumns,
} from './front-office-table.ts';

const orderContent = (row: Omit<OrderRow, 'orderId' | 'version' | 'recordedAt' | 'market'>) =>
  contentKey([
    row.accountNo,
    row.instrumentId,
    row.side,
    row.orderChannel,
    row.settlementChannel,
    canonicalDecimal(row.quantity),
    row.cancelled,
    row.stage,
    row.emsOrderNo,
  ]);

type OrderRecord = Omit<OrderRow, 'recordedAt'> & VersionColumns;

export const ORDERS: FrontOfficeTable<OrderRow> = {
  read: readOrder,
  idOf: (row) => row.orderId,
  contentOf: orderContent,
  ownTimeOf: () => FROM_THE_BEGINNING,
  async resolve(client, rows) {
    const accounts = await client.query<{ account_no: string }>(
      'SELECT account_no FROM front_office.accounts WHERE account_no = ANY($1::text[])',
      [[...new Set(rows.map(({ row }) => row.accountNo))]],
    );
    const markets = await marketsOfOrders(
      client,
      rows.map(({ row }) => row.orderId),
    );
    const known = new Set(accounts.rows.map((row) => row.account_no));
    const errors = rows.flatMap(({ row, rowNo }): RowError[] => {
      const market = markets.get(row.orderId);
      if (!known.has(row.accountNo)) {
        return [rowError({ row: rowNo, field: 'accountNo' }, 'UNKNOWN_ACCOUNT', row.accountNo)];
      }
      return market === undefined || market === row.market
        ? []
        : [
            rowError(
              { row: rowNo, field: 'instrumentId' },
              'UNSUPPORTED',
              row.instrumentId,
              `The order is one of market ${market}; cancel it and send another.`,
            ),
          ];
    });
    return withoutBad(rows, errors);
  },
  async stored(client, ids) {
    const { rows } = await client.query<OrderRecord>(
      `SELECT order_id AS "orderId", version, recorded_at, account_no AS "accountNo",
              instrument_id AS "instrumentId", side, order_channel AS "orderChannel",
              settlement_channel AS "settlementChannel", quantity, cancelled,
              stage, ems_order_no AS "emsOrderNo"
       FROM front_office.orders WHERE order_id = ANY($1::text[]) ORDER BY version`,
      [ids],
    );
    return versionsOf(rows, (row) => row.orderId, orderContent);
  },
  async store(client, inserts) {
    await client.query(
      `INSERT INTO front_office.orders (order_id, version, account_no, instrument_id, market, side,
         order_channel, settlement_channel, quantity, cancelled, stage, ems_order_no, recorded_at,
         superseded_at)
       SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[],
         $7::smallint[], $8::text[], $9::numeric[], $10::boolean[], $11::text[], $12::text[],
         $13::timestamptz[], $14::timestamptz[])`,
      [
        inserts.map((stored) => stored.id),
        inserts.map((stored) => stored.version),
        inserts.map(({ row }) => row.accountNo),
        inserts.map(({ row }) => row.instrumentId),
        inserts.map(({ row }) => row.market),
        inserts.map(({ row }) => row.side),
        inserts.map(({ row }) => row.orderChannel),
        inserts.map(({ row }) => row.settlementChannel),
        inserts.map(({ row }) => row.quantity),
        inserts.map(({ row }) => row.cancelled),
        inserts.map(({ row }) => row.stage),
        inserts.map(({ row }) => row.emsOrderNo),
        inserts.map((stored) => stored.recordedAt),
        inserts.map((stored) => stored.supersededAt),
      ],
    );
  },
  supersede: (client, supersessions) => endVersions(client, 'orders', 'order_id', supersessions),
};

type ExecutionContent = Omit<ExecutionRow, 'executionId' | 'version' | 'recordedAt'>;

const executionContent = (row: ExecutionContent): string =>
  contentKey([
    row.orderId,
    row.tradeDate,
    canonicalDecimal(row.quantity),
    canonicalDecimal(row.price),
    row.cancelled,
    row.executedAt,
  ]);

type ExecutionRecord = Omit<ExecutionRow, 'recordedAt' | 'executedAt'> &
  VersionColumns & { readonly executed_at: Date };

export const EXECUTIONS: FrontOfficeTable<ExecutionRow, ExecutionRow & { market: string }> = {
  read: readExecution,
  idOf: (row) => row.executionId,
  contentOf: executionContent,
  ownTimeOf: (row) => row.executedAt,
  async resolve(client, rows, facts) {
    const markets = await marketsOfOrders(
      client,
      rows.map(({ row }) => row.orderId),
    );
    const known = await knownTrades(client, rows, facts);
    const errors: RowError[] = [];
    const good: NumberedRow<ExecutionRow & { market: string }>[] = [];
    for (const { row, rowNo } of rows) {
      const market = markets.get(row.orderId);
      const marketFacts = market === undefined ? undefined : facts.markets.get(market);
      const at = { row: rowNo, field: 'tradeDate' };
      if (market === undefined || marketFacts === undefined) {
        errors.push(rowError({ row: rowNo, field: 'orderId' }, 'UNKNOWN_ORDER', row.orderId));
      } else if (row.tradeDate > marketFacts.today) {
        const hint = `Today is ${marketFacts.today} there.`;
        errors.push(rowError(at, 'FUTURE_TRADE_DATE', row.tradeDate, hint));
      } else if (isTooOld(row, marketFacts, known.get(row.executionId))) {
        const hint = `The first that can still be cleared is ${marketFacts.earliestTradeDate}.`;
        errors.push(rowError(at, 'TRADE_DATE_TOO_OLD', row.tradeDate, hint));
      } else {
        good.push({ rowNo, row: { ...row, market } });
      }
    }
    return { rows: good, errors };
  },
  async stored(client, ids) {
    const { rows } = await client.query<ExecutionRecord>(
      `SELECT execution_id AS "executionId", version, recorded_at, order_id AS "orderId",
              trade_date AS "tradeDate", quantity, price, cancelled, executed_at
       FROM front_office.executions WHERE execution_id = ANY($1::text[]) ORDER BY version`,
      [ids],
    );
    const contentOf = (row: ExecutionRecord): string =>
      executionContent({ ...row, executedAt: row.executed_at.toISOString() });
    return versionsOf(rows, (row) => row.executionId, contentOf);
  },
  async store(client, inserts) {
    await client.query(
      `INSERT INTO front_office.executions (execution_id, version, order_id, market, trade_date,
         quantity, price, cancelled, executed_at, recorded_at, superseded_at)
       SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::date[],
         $6::numeric[], $7::numeric[], $8::boolean[], $9::timestamptz[], $10::timestamptz[],
         $11::timestamptz[])`,
      [
        inserts.map((stored) => stored.id),
        inserts.map((stored) => stored.version),
        inserts.map(({ row }) => row.orderId),
        inserts.map(({ row }) => row.market),
        inserts.map(({ row }) => row.tradeDate),
        inserts.map(({ row }) => row.quantity),
        inserts.map(({ row }) => row.price),
        inserts.map(({ row }) => row.cancelled),
        inserts.map(({ row }) => row.executedAt),
        inserts.map((stored) => stored.recordedAt),
        inserts.map((stored) => stored.supersededAt),
      ],
    );
  },
  supersede: (client, supersessions) =>
    endVersions(client, 'executions', 'execution_id', supersessions),
};

/** What is stored of an execution under any version. */
interface KnownTrade {
  readonly versions: readonly number[];
  readonly firstTradeDate: BusinessDate;
}

/** Asked only of rows that may concern an old trade: few, so a file costs no look-up a row. */
async function knownTrades(
  client: pg.PoolClient,
  rows: readonly NumberedRow<ExecutionRow>[],
  { markets }: FrontOfficeFacts,
): Promise<ReadonlyMap<string, KnownTrade>> {
  const firsts = [...markets.values()].map((market) => market.earliestTradeDate ?? '');
  const asked = rows.filter(
    ({ row }) => row.version > 1 || firsts.some((first) => row.tradeDate < first),
  );
  if (asked.length === 0) return new Map();
  const { rows: found } = await client.query<KnownTrade & { readonly id: string }>(
    `SELECT execution_id AS id, array_agg(version) AS versions,
       min(trade_date) AS "firstTradeDate"
     FROM front_office.executions WHERE execution_id = ANY($1::text[]) GROUP BY 1`,
    [[...new Set(asked.map(({ row }) => row.executionId))]],
  );
  return new Map(found.map((trade) => [trade.id, trade]));
}

/**
 * No sync looks so far back any more: the trade, or the change of one that was booked, would appear
 * nowhere. A repetition of what is stored changes nothing, however old it is.
 */
function isTooOld(
  { tradeDate, version }: ExecutionRow,
  { earliestTradeDate }: MarketFacts,
  known: KnownTrade | undefined,
): boolean {
  if (earliestTradeDate === undefined || known?.versions.includes(version)) return false;
  return tradeDate < earliestTradeDate || (known?.firstTradeDate ?? tradeDate) < earliestTradeDate;
}

function withoutBad<Row>(
  rows: readonly NumberedRow<Row>[],
  errors: readonly RowError[],
): ResolvedRows<Row> {
  if (errors.length === 0) return { rows, errors };
  const bad = new Set(errors.map((error) => error.row));
  return { rows: rows.filter(({ rowNo }) => !bad.has(rowNo)), errors };
}

async function marketsOfOrders(
  client: pg.PoolClient,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ order_id: string; market: string }>(
    `SELECT order_id, market FROM front_office.orders
     WHERE order_id = ANY($1::text[]) AND superseded_at IS NULL`,
    [[...new Set(orderIds)]],
  );
  return new Map(rows.map((row) => [row.order_id, row.market]));
}
