import { and, eq, isNull } from 'drizzle-orm';
import { connect, type Db } from '../../../db/client.ts';
import { openLedgerDate } from '../../../db/ledger-dates.repository.ts';
import {
  foAccounts,
  foExecutions,
  foInstruments,
  foOrders,
} from '../../../db/schema/front-office.ts';
import { accountFeeSchedules, accounts } from '../../../db/schema/reference.ts';
import { seedReference } from '../../../db/seed/reference.ts';
import { inTransaction } from '../../../db/transaction.ts';
import type { BusinessDate } from '../../../domain/calendar/business-date.ts';
import type { Side, TradeStage } from '../../../domain/trades/trade.ts';
import { freshDatabase } from '../../support/database.ts';

export const MON_2025_12_22 = '2025-12-22' as BusinessDate;
export const TUE_2025_12_23 = '2025-12-23' as BusinessDate;
export const WED_2025_12_24 = '2025-12-24' as BusinessDate;
/** T+2 of Monday in Hong Kong: the half day settles nothing, and two holidays follow. */
export const MON_2025_12_29 = '2025-12-29' as BusinessDate;
export const TUE_2025_12_30 = '2025-12-30' as BusinessDate;

export const EQUITY = '00700.HK';
export const ETF = '02800.HK';

export interface Trade {
  readonly orderId: string;
  readonly accountNo: string;
  readonly instrumentId?: string;
  readonly side?: Side;
  readonly orderChannel?: number;
  readonly stage?: TradeStage;
  readonly emsOrderNo?: string;
  readonly tradeDate?: BusinessDate;
  readonly recordedAt?: string;
  /** Id, quantity and price of each fill. */
  readonly fills: readonly (readonly [id: string, quantity: string, price: string])[];
}

const MORNING = '2025-12-22T02:00:00Z';

export async function addTrade(db: Db, trade: Trade): Promise<void> {
  const recordedAt = trade.recordedAt ?? MORNING;
  await db
    .insert(foOrders)
    .values({
      orderId: trade.orderId,
      version: 1,
      accountNo: trade.accountNo,
      instrumentId: trade.instrumentId ?? EQUITY,
      market: 'HK',
      side: trade.side ?? 'BUY',
      orderChannel: trade.orderChannel ?? 0,
      stage: trade.stage ?? 'NORMAL',
      emsOrderNo: trade.emsOrderNo ?? null,
      settlementChannel: 'CCASS',
      quantity: '1000',
      cancelled: false,
      recordedAt,
    })
    .onConflictDoNothing();
  for (const [executionId, quantity, price] of trade.fills) {
    await db.insert(foExecutions).values({
      executionId,
      version: 1,
      orderId: trade.orderId,
      market: 'HK',
      tradeDate: trade.tradeDate ?? MON_2025_12_22,
      quantity,
      price,
      cancelled: false,
      executedAt: recordedAt,
      recordedAt,
    });
  }
}

/** A later version of a fill: a correction, or a cancel. */
export async function changeFill(
  db: Db,
  executionId: string,
  change: {
    readonly price?: string;
    readonly tradeDate?: BusinessDate;
    readonly cancelled?: boolean;
    readonly at: string;
  },
): Promise<void> {
  await db.$client.query(
    `WITH old AS (UPDATE front_office.executions SET superseded_at = $2
       WHERE execution_id = $1 AND superseded_at IS NULL RETURNING *)
     INSERT INTO front_office.executions SELECT execution_id, version + 1, order_id, market,
       coalesce($5, trade_date), quantity, coalesce($3, price), $4, executed_at, $2 FROM old`,
    [
      executionId,
      change.at,
      change.price ?? null,
      change.cancelled ?? false,
      change.tradeDate ?? null,
    ],
  );
}

/** A later version of an order. */
export async function changeOrder(
  db: Db,
  orderId: string,
  change: {
    readonly side?: Side;
    readonly stage?: TradeStage;
    readonly quantity?: string;
    readonly cancelled?: boolean;
    readonly at: string;
  },
): Promise<void> {
  const [old] = await db
    .update(foOrders)
    .set({ supersededAt: change.at })
    .where(and(eq(foOrders.orderId, orderId), isNull(foOrders.supersededAt)))
    .returning();
  if (old === undefined) throw new Error(`no order ${orderId}`);
  const { at, ...changed } = change;
  await db.insert(foOrders).values({
    ...old,
    arrivalNo: undefined,
    supersededAt: null,
    cancelled: false,
    ...changed,
    version: old.version + 1,
    recordedAt: at,
  });
}

/** A version of an instrument; the one before it ends. */
export async function recordInstrument(
  db: Db,
  instrument: {
    readonly instrumentId: string;
    readonly version: number;
    readonly stampDutyExempt: boolean;
    readonly at: string;
  },
): Promise<void> {
  const { instrumentId, version, stampDutyExempt, at } = instrument;
  await db
    .update(foInstruments)
    .set({ supersededAt: at })
    .where(and(eq(foInstruments.instrumentId, instrumentId), isNull(foInstruments.supersededAt)));
  await db.insert(foInstruments).values({
    ...stock(instrumentId, 'EQUITY'),
    version,
    stampDutyExempt,
    recordedAt: at,
  });
}

const stock = (instrumentId: string, type: 'EQUITY' | 'ETF') => ({
  instrumentId,
  market: 'HK',
  type,
  name: instrumentId,
  currency: 'HKD',
  lotSize: 100,
  stampDutyExempt: false,
  recordedAt: MORNING,
});

export const openDate = (db: Db, ledgerDate: BusinessDate): Promise<void> =>
  inTransaction(db, ({ tx }) =>
    openLedgerDate(tx, ledgerDate, new Date(`${ledgerDate}T09:00:00Z`)),
  );

/** Closes the open ledger date and opens another. */
export async function rollTo(db: Db, ledgerDate: BusinessDate): Promise<void> {
  await db.$client.query("UPDATE ledger_dates SET status = 'CUT', cut_at = now()");
  await openDate(db, ledgerDate);
}

const accountNumber = (n: number): string => `A${String(n).padStart(4, '0')}`;

/** A broker with `count` accounts A0001 …, an equity and an ETF, on Monday, 22 December 2025. */
export async function smallBroker(count = 5): Promise<Db> {
  const db = connect(await freshDatabase(), { poolSize: 12 });
  await inTransaction(db, seedReference);
  const rows = Array.from({ length: count }, (_, index) => ({
    accountNo: accountNumber(index + 1),
    kind: 'CASH' as const,
    status: 'ACTIVE' as const,
    openedOn: '2020-01-01' as BusinessDate,
  }));
  await db.insert(foAccounts).values(rows.map((row) => ({ ...row, recordedAt: MORNING })));
  const inserted = await db.insert(accounts).values(rows).returning();
  await db.insert(accountFeeSchedules).values(
    inserted.map(({ accountId }) => ({
      accountId,
      market: 'HK',
      scheduleId: 'sample-hk-retail',
      effectiveFrom: '2020-01-01' as BusinessDate,
    })),
  );
  await db
    .insert(foInstruments)
    .values(
      [[EQUITY, 'EQUITY'] as const, [ETF, 'ETF'] as const].map(([id, type]) => stock(id, type)),
    );
  await openDate(db, MON_2025_12_22);
  return db;
}

/** Two fills for each of the accounts: enough to cut into chunks and shards. */
export async function addTrades(db: Db, count: number, prefix = 'O'): Promise<void> {
  for (let n = 1; n <= count; n += 1) {
    await addTrade(db, {
      orderId: `${prefix}${n}`,
      accountNo: accountNumber(1 + (n % 5)),
      side: n % 3 === 0 ? 'SELL' : 'BUY',
      fills: [
        [`${prefix}${n}-1`, '100', `${50 + (n % 7)}.25`],
        [`${prefix}${n}-2`, '300', '60'],
      ],
    });
  }
}
