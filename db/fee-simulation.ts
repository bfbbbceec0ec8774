import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { isOpen } from '../domain/calendar/day-calendar.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { ErrorCode } from '../domain/errors/error-catalogue.ts';
import { explainFee, type ExplanationStep } from '../domain/fees/explain-fee.ts';
import { MonthCounters } from '../domain/fees/month-counters.ts';
import { priceInto } from '../domain/fees/fee-kernel.ts';
import type { HypotheticalOrder } from '../domain/fees/hypothetical-order.ts';
import type { FeeChoice, FeeClamp, UnchargedCode } from '../domain/fees/tariff-plan.ts';
import { rowError, type RowError } from '../domain/front-office/row-reader.ts';
import type { DecimalString } from '../domain/money/decimal.ts';
import type { Side, TradeStage } from '../domain/trades/trade.ts';
import type { InstrumentRow } from './bulk/billing-queries.ts';
import { openFeeDesk, type FeeDesk } from './bulk/fee-desk.ts';
import type { Db } from './client.ts';
import { rows, readSnapshot } from './queries/rows.ts';
import type { Transaction } from './transaction.ts';

/** The n-th row of a file or item of a request, from 1. */
export interface NumberedOrder {
  readonly row: number;
  readonly order: HypotheticalOrder;
}

export interface SimulatedFee {
  readonly feeCode: string;
  /** 0 = the whole order. */
  readonly executionNo: number;
  readonly currency: string;
  readonly metric: DecimalString;
  readonly exactAmount: DecimalString;
  readonly clamp: FeeClamp;
  readonly amount: DecimalString;
  readonly choice: FeeChoice;
  readonly steps: readonly ExplanationStep[];
}

export interface SimulatedOrder {
  readonly row: number;
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly market: string;
  readonly side: Side;
  readonly tradeDate: BusinessDate;
  readonly orderChannel: number;
  readonly settlementChannel: string | null;
  readonly stage: TradeStage;
  readonly scheduleId: string;
  readonly currency: string;
  readonly executionCount: number;
  readonly quantity: DecimalString;
  readonly grossAmount: DecimalString;
  readonly feeAmount: DecimalString;
  readonly netAmount: DecimalString | null;
  readonly cashSettlementDate: BusinessDate;
  readonly securitiesSettlementDate: BusinessDate;
  readonly fees: readonly SimulatedFee[];
  /** Fee codes of the schedule that this kind of trade does not pay, and why. */
  readonly notCharged: readonly UnchargedCode[];
  readonly policyVersion: number;
}

export interface Simulation {
  readonly orders: readonly SimulatedOrder[];
  readonly errors: readonly RowError[];
}

/**
 * What orders would pay if billing opened now: the same choice of plan, the same pricing, the same
 * dates. Orders that cannot be priced are listed with the field that is in the way. Nothing is
 * written: the transaction is read-only, and the database would refuse it.
 */
export const simulateFees = (
  db: Db,
  orders: readonly NumberedOrder[],
  policyVersion?: number,
): Promise<Simulation> =>
  readSnapshot(db, async (t) => {
    const known = await namesOf(t, orders);
    const desks = await desksOf(t, orders, known, policyVersion);
    const priced: SimulatedOrder[] = [];
    const errors: RowError[] = [];
    for (const { row, order } of orders) {
      try {
        priced.push(simulated(row, order, known, desks));
      } catch (error) {
        if (!(error instanceof ClearingError)) throw error;
        errors.push(errorOf(error, row, order));
      }
    }
    return { orders: priced, errors };
  });

interface KnownNames {
  readonly accounts: ReadonlyMap<string, number>;
  /** The flow that bills each instrument. */
  readonly flows: ReadonlyMap<string, string>;
  /** The market of each settlement channel. */
  readonly channels: ReadonlyMap<string, string>;
}

async function namesOf(t: Transaction, orders: readonly NumberedOrder[]): Promise<KnownNames> {
  const found = async <V>(
    text: string,
    field: keyof HypotheticalOrder,
  ): Promise<Map<string, V>> => {
    const names = [...new Set(orders.map(({ order }) => order[field]))];
    const pairs = await rows<{ key: string; value: V }>(t.client, text, [names]);
    return new Map(pairs.map(({ key, value }) => [key, value]));
  };
  return {
    accounts: await found<number>(
      'SELECT account_no AS key, account_id AS value FROM accounts WHERE account_no = ANY($1)',
      'accountNo',
    ),
    flows: await found<string>(
      `SELECT instrument_id AS key, flow AS value FROM instruments JOIN markets USING (market)
       WHERE instrument_id = ANY($1)`,
      'instrumentId',
    ),
    channels: await found<string>(
      `SELECT settlement_channel AS key, market AS value FROM settlement_channels
       WHERE settlement_channel = ANY($1)`,
      'settlementChannel',
    ),
  };
}

/** A desk for each flow that the orders belong to. */
async function desksOf(
  t: Transaction,
  orders: readonly NumberedOrder[],
  { accounts, flows }: KnownNames,
  policyVersion: number | undefined,
): Promise<ReadonlyMap<string, FeeDesk>> {
  const desks = new Map<string, FeeDesk>();
  for (const flow of new Set(flows.values())) {
    const mine = orders.filter(({ order }) => flows.get(order.instrumentId) === flow);
    const desk = await openFeeDesk(t, {
      flow,
      day: mine.map(({ order }) => order.tradeDate).reduce((a, b) => (a < b ? a : b)),
      accountIds: mine.flatMap(({ order }) => accounts.get(order.accountNo) ?? []),
      instrumentIds: [...new Set(mine.map(({ order }) => order.instrumentId))],
      policyVersion,
    });
    desks.set(flow, desk);
  }
  return desks;
}

function simulated(
  row: number,
  order: HypotheticalOrder,
  known: KnownNames,
  desks: ReadonlyMap<string, FeeDesk>,
): SimulatedOrder {
  const { accountNo, instrumentId, side, orderChannel: channel, stage, tradeDate } = order;
  const accountId = known.accounts.get(accountNo);
  if (accountId === undefined) throw new ClearingError('UNKNOWN_ACCOUNT', { accountNo });
  const desk = desks.get(known.flows.get(instrumentId) ?? '');
  const instrument = desk?.instruments.get(instrumentId);
  if (desk === undefined || instrument === undefined) {
    throw new ClearingError('UNKNOWN_INSTRUMENT', { instrumentId });
  }
  assertMarket(order, instrument, desk, known);
  const { market, type: instrumentType, currency } = instrument;
  const asked = { accountId, market, side, tradeDate, channel, stage };
  const plan = desk.plans.planOf(asked, instrument);
  const terms = desk.terms.termsOf({
    ...{ market, instrumentType, tradeDate },
    ...{ cashDate: undefined, securitiesDate: undefined },
  });
  const month = new MonthCounters(desk.traded.get(accountId) ?? []);
  const fees: SimulatedFee[] = [];
  const quantities = order.executions.map(({ quantity }) => quantity);
  const prices = order.executions.map(({ price }) => price);
  const priced = priceInto(
    plan,
    { quantities, prices, monthToDate: (line) => month.before(line, plan.query) },
    (line, _at, executionIndex, _order, metric, exact, clamp, amount, monthBefore) => {
      const { feeCode, choice } = line;
      const steps = explainFee(
        { metric, exact, clamp, amount, monthBefore: monthBefore ?? null },
        choice,
      );
      const of = { feeCode, executionNo: executionIndex + 1, currency: choice.currency };
      fees.push({ ...of, metric, exactAmount: exact, clamp, amount, choice, steps });
    },
  );
  return {
    row,
    accountNo,
    instrumentId,
    market,
    side,
    tradeDate,
    orderChannel: channel,
    settlementChannel: order.settlementChannel,
    stage,
    scheduleId: plan.query.scheduleId,
    currency,
    executionCount: quantities.length,
    quantity: priced.quantity,
    grossAmount: priced.gross,
    feeAmount: priced.totalFees,
    netAmount: priced.net,
    cashSettlementDate: terms.cashDate,
    securitiesSettlementDate: terms.securitiesDate,
    fees,
    notCharged: plan.uncharged,
    policyVersion: desk.policyVersion,
  };
}

/** A channel of another market, or a day without a session, cannot be meant. */
function assertMarket(
  { settlementChannel, tradeDate }: HypotheticalOrder,
  { market }: InstrumentRow,
  desk: FeeDesk,
  known: KnownNames,
): void {
  if (settlementChannel !== null && known.channels.get(settlementChannel) !== market) {
    throw new ClearingError('UNKNOWN_SETTLEMENT_CHANNEL', { market, settlementChannel });
  }
  const calendars = desk.markets.find((each) => each.market === market);
  if (calendars !== undefined && !isOpen(calendars.trading, tradeDate)) {
    throw new ClearingError('TRADE_DATE_CLOSED', { market, tradeDate });
  }
}

/** The field that a person would change; the others are about the trade date. */
const FIELD_OF: Readonly<Partial<Record<ErrorCode, keyof HypotheticalOrder>>> = {
  UNKNOWN_ACCOUNT: 'accountNo',
  FEE_RULE_MISSING: 'accountNo',
  UNSUPPORTED: 'accountNo',
  UNKNOWN_INSTRUMENT: 'instrumentId',
  UNKNOWN_SETTLEMENT_CHANNEL: 'settlementChannel',
};

function errorOf(
  { code, details }: ClearingError,
  row: number,
  order: HypotheticalOrder,
): RowError {
  const field = FIELD_OF[code] ?? 'tradeDate';
  const { why } = details;
  return rowError({ row, field }, code, order[field], typeof why === 'string' ? `${why}.` : '');
}
