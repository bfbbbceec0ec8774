import type pg from 'pg';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import { copyRows, type CopyValue } from './copy-rows.ts';
import type { SampleAccount, SampleBroker, SampleInstrument, SampleSession } from './model.ts';
import { isoOf, priceText } from './text.ts';

/** Master data was there long before the week begins. */
const MASTER_RECORDED_AT = '2025-12-01T00:00:00Z';

/** Account ids follow the order of the sample's accounts. */
export const accountIdOf = (account: number): number => FIRST_CLIENT_ACCOUNT + account;

/** Instruments in our reference data and in the front office's. Gives asset ids by code. */
export async function loadInstruments(
  client: pg.PoolClient,
  instruments: readonly SampleInstrument[],
): Promise<ReadonlyMap<string, number>> {
  await client.query(
    `INSERT INTO assets (kind, code) SELECT 'INSTRUMENT', unnest($1::text[])
     ON CONFLICT DO NOTHING`,
    [instruments.map(({ instrumentId }) => instrumentId)],
  );
  const { rows } = await client.query<{ asset_id: number; code: string }>(
    'SELECT asset_id, code FROM assets',
  );
  const assetIds = new Map(rows.map(({ code, asset_id: id }) => [code, id]));
  const master = (each: SampleInstrument): CopyValue[] => [
    each.instrumentId,
    each.market,
    each.type,
    each.name,
    each.currency,
    each.lotSize,
    each.stampDutyExempt,
  ];
  const columns = [
    'instrument_id',
    'market',
    'type',
    'name',
    'currency',
    'lot_size',
    'stamp_duty_exempt',
  ];
  await copyRows(
    client,
    'instruments',
    [...columns, 'asset_id'],
    instruments.map((each) => [...master(each), assetIds.get(each.instrumentId) ?? null]),
  );
  await copyRows(
    client,
    'front_office.instruments',
    [...columns, 'recorded_at'],
    instruments.map((each) => [...master(each), MASTER_RECORDED_AT]),
  );
  return assetIds;
}

const MARKETS = ['HK', 'US'] as const;

/** The fee schedule of a tariff in a market. */
export const scheduleIdOf = (market: 'HK' | 'US', tariff: 'retail' | 'vip'): string =>
  `sample-${market.toLowerCase()}-${tariff}`;

/** Accounts on both sides, with the tariff that each pays in each market. */
export async function loadAccounts(
  client: pg.PoolClient,
  accounts: readonly SampleAccount[],
): Promise<void> {
  const columns = ['account_no', 'kind', 'status', 'opened_on', 'closed_on'];
  const master = (each: SampleAccount): CopyValue[] => [
    each.accountNo,
    each.kind,
    each.status,
    each.openedOn,
    each.closedOn,
  ];
  await copyRows(
    client,
    'front_office.accounts',
    [...columns, 'recorded_at'],
    accounts.map((each) => [...master(each), MASTER_RECORDED_AT]),
  );
  await copyRows(
    client,
    'accounts',
    ['account_id', ...columns],
    accounts.map((each, index) => [accountIdOf(index), ...master(each)]),
  );
  await client.query(
    `SELECT setval(pg_get_serial_sequence('accounts', 'account_id'), max(account_id))
     FROM accounts`,
  );
  await copyRows(
    client,
    'account_fee_schedules',
    ['account_id', 'market', 'schedule_id', 'effective_from', 'effective_to'],
    accounts.flatMap(({ tariff, openedOn }, index) =>
      tariff === null
        ? []
        : MARKETS.map((market) => [
            accountIdOf(index),
            market,
            scheduleIdOf(market, tariff),
            openedOn,
            null,
          ]),
    ),
  );
}

function* orderRows(
  accounts: readonly SampleAccount[],
  sessions: readonly SampleSession[],
): Generator<CopyValue[]> {
  for (const { session, orders } of sessions) {
    for (const order of orders) {
      const row = (version: number, recordedAt: number, supersededAt: number | null) => [
        order.orderId,
        version,
        accounts[order.account]?.accountNo ?? null,
        order.instrument.instrumentId,
        session.market,
        order.side,
        order.orderChannel,
        order.settlementChannel,
        order.quantity,
        version > 1,
        isoOf(recordedAt),
        supersededAt === null ? null : isoOf(supersededAt),
      ];
      yield row(1, order.recordedAt, order.cancelledAt);
      if (order.cancelledAt !== null) yield row(2, order.cancelledAt, null);
    }
  }
}

function* executionRows(sessions: readonly SampleSession[]): Generator<CopyValue[]> {
  for (const { session, orders } of sessions) {
    for (const order of orders) {
      for (const execution of order.executions) {
        const { supersededAt } = execution;
        yield [
          execution.executionId,
          execution.version,
          order.orderId,
          session.market,
          session.tradeDate,
          execution.quantity,
          priceText(order.instrument, execution.price),
          execution.cancelled,
          isoOf(execution.executedAt),
          isoOf(execution.recordedAt),
          supersededAt === null ? null : isoOf(supersededAt),
        ];
      }
    }
  }
}

/** Everything that the front office will have recorded by the end of the week. */
export async function loadFrontOffice(
  client: pg.PoolClient,
  { accounts, sessions }: Pick<SampleBroker, 'accounts' | 'sessions'>,
): Promise<void> {
  await copyRows(
    client,
    'front_office.orders',
    [
      'order_id',
      'version',
      'account_no',
      'instrument_id',
      'market',
      'side',
      'order_channel',
      'settlement_channel',
      'quantity',
      'cancelled',
      'recorded_at',
      'superseded_at',
    ],
    orderRows(accounts, sessions),
  );
  await copyRows(
    client,
    'front_office.executions',
    [
      'execution_id',
      'version',
      'order_id',
      'market',
      'trade_date',
      'quantity',
      'price',
      'cancelled',
      'executed_at',
      'recorded_at',
      'superseded_at',
    ],
    executionRows(sessions),
  );
}
