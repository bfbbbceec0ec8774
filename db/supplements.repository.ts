import { eq } from 'drizzle-orm';
import { dayInZone, type BusinessDate } from '../domain/calendar/business-date.ts';
import { statusOf, type FlowState } from '../domain/clearing/flow-state.ts';
import { isDone, type StepId } from '../domain/clearing/steps.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { rowsRefused } from '../domain/front-office/row-refusal.ts';
import {
  assertSupplementTradeDate,
  settlementDateErrors,
  supplementOrderId,
  supplementRefusal,
  type Supplement,
} from '../domain/supplements/supplement.ts';
import type { AccountStatus } from '../domain/trades/trade.ts';
import { isOrderBooked } from './booked-orders.ts';
import { refreshMasterData } from './bulk/master-data.ts';
import { loadClearingCalendar } from './calendars.repository.ts';
import { changeFlow, invalidateSteps, lockFlow } from './flows.repository.ts';
import { lockOpenLedgerDate } from './open-ledger-date.ts';
import { settlementChannels } from './schema/reference.ts';
import { supplementExecutions, supplements } from './schema/trades.ts';
import type { Transaction } from './transaction.ts';

export interface Entry {
  readonly person: string;
  /** By the clock port. */
  readonly now: Date;
}

interface TradeNames {
  readonly accountId: number;
  readonly status: AccountStatus;
  readonly assetId: number;
  readonly market: string;
}

/**
 * Enters a supplement on the open ledger date; sync and pre-check of its flow have to be repeated.
 * Throws what is wrong with its names and dates, LEDGER_DATE_NOT_CURRENT, STEP_IN_PROGRESS or
 * SUPPLEMENT_WINDOW_CLOSED; then nothing is written. Returns its id.
 */
export async function enterSupplement(
  t: Transaction,
  supplement: Supplement,
  entry: Entry & { readonly requestId: string },
): Promise<number> {
  const ledgerDate = await lockOpenLedgerDate(t.tx, supplement.ledgerDate);
  const names = await resolveNames(t, supplement);
  const flowId = await checkMarket(t, supplement, names.market, entry.now);
  const flow = await lockFlow(t.tx, { ledgerDate, flow: flowId });
  assertWindow(flow);
  const [inserted] = await t.tx
    .insert(supplements)
    .values({
      requestId: entry.requestId,
      ledgerDate,
      flow: flowId,
      generation: flow.generation,
      market: names.market,
      accountId: names.accountId,
      assetId: names.assetId,
      side: supplement.side,
      orderChannel: supplement.orderChannel,
      settlementChannel: supplement.settlementChannel,
      tradeDate: supplement.tradeDate,
      cashSettlementDate: supplement.cashSettlementDate,
      securitiesSettlementDate: supplement.securitiesSettlementDate,
      stage: supplement.stage,
      enteredBy: entry.person,
      enteredAt: entry.now.toISOString(),
    })
    .returning({ supplementId: supplements.supplementId });
  if (!inserted) throw new ClearingError('INTERNAL', { what: 'supplement' });
  const { supplementId } = inserted;
  await t.tx
    .insert(supplementExecutions)
    .values(
      supplement.executions.map((row, index) => ({ ...row, supplementId, executionNo: index + 1 })),
    );
  await repeatChecks(t, flow);
  return supplementId;
}

/**
 * Takes a supplement back, in the same window. One that is void already stays as it is: false.
 * Throws NOT_FOUND, PART_OF_AMENDMENT, and ORDER_ALREADY_BILLED when its contract outlived a
 * revoke.
 */
export async function voidSupplement(
  t: Transaction,
  supplementId: number,
  entry: Entry,
): Promise<boolean> {
  const [row] = await t.tx
    .select()
    .from(supplements)
    .where(eq(supplements.supplementId, supplementId));
  if (!row) throw new ClearingError('NOT_FOUND', { supplementId });
  if (row.source !== 'BACK_OFFICE') throw new ClearingError('PART_OF_AMENDMENT', { supplementId });
  const ledgerDate = await lockOpenLedgerDate(t.tx, row.ledgerDate);
  const flow = await lockFlow(t.tx, { ledgerDate, flow: row.flow });
  const [locked] = await t.tx
    .select({ voidedAt: supplements.voidedAt })
    .from(supplements)
    .where(eq(supplements.supplementId, supplementId))
    .for('update');
  if (locked?.voidedAt !== null) return false;
  const orderId = supplementOrderId(supplementId);
  if (await isOrderBooked(t, ledgerDate, orderId)) {
    throw new ClearingError('ORDER_ALREADY_BILLED', { supplementId, orderId });
  }
  assertWindow(flow);
  await t.tx
    .update(supplements)
    .set({ voidedBy: entry.person, voidedAt: entry.now.toISOString() })
    .where(eq(supplements.supplementId, supplementId));
  await repeatChecks(t, flow);
  return true;
}

function assertWindow(flow: FlowState): void {
  const refusal = supplementRefusal(flow);
  if (refusal) throw new ClearingError(refusal.code, refusal.details);
}

/** The set of trades has changed, so what was concluded from it no longer counts. */
export async function repeatChecks(t: Transaction, flow: FlowState): Promise<void> {
  const concluded = (['sync', 'preCheck'] satisfies StepId[]).filter((step) => {
    const status = statusOf(flow, step);
    return isDone(status) || status === 'BLOCKED_BY_CHECK';
  });
  await invalidateSteps(t.tx, flow, concluded);
  await changeFlow(t.tx, flow, {});
}

/** Account and instrument; what the front office knows but no sync brought yet is fetched. */
async function resolveNames(t: Transaction, supplement: Supplement): Promise<TradeNames> {
  const found = await findNames(t, supplement);
  if (found.accountId !== null && found.assetId !== null) return accepted(supplement, found);
  await refreshMasterData(t.client, supplement.ledgerDate);
  return accepted(supplement, await findNames(t, supplement));
}

type FoundNames = { readonly [K in keyof TradeNames]: TradeNames[K] | null };

async function findNames(
  t: Transaction,
  { accountNo, instrumentId }: Supplement,
): Promise<FoundNames> {
  const { rows } = await t.client.query<FoundNames>(
    `SELECT a.account_id AS "accountId", coalesce(f.status, a.status) AS status,
            i.asset_id AS "assetId", i.market
     FROM (SELECT 1) one
     LEFT JOIN accounts a ON a.account_no = $1
     LEFT JOIN front_office.accounts f ON f.account_no = $1 AND f.superseded_at IS NULL
     LEFT JOIN instruments i ON i.instrument_id = $2`,
    [accountNo, instrumentId],
  );
  return rows[0] ?? { accountId: null, status: null, assetId: null, market: null };
}

function accepted({ accountNo, instrumentId }: Supplement, found: FoundNames): TradeNames {
  const { accountId, status, assetId, market } = found;
  if (accountId === null || status === null) {
    throw new ClearingError('UNKNOWN_ACCOUNT', { accountNo });
  }
  if (status === 'CLOSED') throw new ClearingError('ACCOUNT_CLOSED', { accountNo });
  if (assetId === null || market === null) {
    throw new ClearingError('UNKNOWN_INSTRUMENT', { instrumentId });
  }
  return { accountId, status, assetId, market };
}

/** Settlement channel and trade date must fit the market, and so must the dates. Its flow. */
async function checkMarket(
  t: Transaction,
  supplement: Supplement,
  marketId: string,
  now: Date,
): Promise<string> {
  const { ledgerDate, tradeDate } = supplement;
  const { market, union } = await marketOfChannel(t, supplement, marketId);
  const today: BusinessDate = dayInZone(now, market.timeZone);
  assertSupplementTradeDate(tradeDate, { market, ledgerDate, union, today });
  assertSettlementDates(supplement, { market, union });
  return market.flow;
}

/** Throws UNKNOWN_MARKET, and UNKNOWN_SETTLEMENT_CHANNEL for a channel of another market. */
export async function marketOfChannel(
  t: Transaction,
  { settlementChannel }: Pick<Supplement, 'settlementChannel'>,
  marketId: string,
) {
  const { markets, union } = await loadClearingCalendar(t.tx);
  const market = markets.find((each) => each.market === marketId);
  if (!market) throw new ClearingError('UNKNOWN_MARKET', { market: marketId });
  const [channel] = await t.tx
    .select({ market: settlementChannels.market })
    .from(settlementChannels)
    .where(eq(settlementChannels.settlementChannel, settlementChannel));
  if (channel?.market !== marketId) {
    throw new ClearingError('UNKNOWN_SETTLEMENT_CHANNEL', { market: marketId, settlementChannel });
  }
  return { market, union };
}

/** Throws ROWS_REFUSED with each date that its calendar does not have. */
export function assertSettlementDates(
  dates: Parameters<typeof settlementDateErrors>[0],
  { market, union }: Awaited<ReturnType<typeof marketOfChannel>>,
): void {
  const errors = settlementDateErrors(dates, market, union);
  if (errors.length > 0) throw rowsRefused(errors);
}
