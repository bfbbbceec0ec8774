import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { emsOrderPlaces } from '../domain/fees/ems-order-places.ts';
import { priceInto } from '../domain/fees/fee-kernel.ts';
import { MonthCounters, type CountedTrades } from '../domain/fees/month-counters.ts';
import type { TariffLine } from '../domain/fees/tariff-plan.ts';
import type { DecimalString } from '../domain/money/decimal.ts';
import type { Side, TradeStage } from '../domain/trades/trade.ts';
import { openFeeDesk, type FeeDesk } from './bulk/fee-desk.ts';
import { tradedBeside } from './bulk/month-to-date.ts';
import type { Db } from './client.ts';
import { accountIdOf } from './queries/names.ts';
import { readSnapshot, rows } from './queries/rows.ts';
import type { Transaction } from './transaction.ts';

export interface FeeTrial {
  readonly contractId: number;
  readonly currency: string;
  readonly orderChannel: number;
  readonly scheduleId: string;
  readonly calculateOutAmount: DecimalString;
  readonly netAmount: DecimalString | null;
  readonly items: readonly {
    readonly feeCode: string;
    readonly ruleId: number;
    readonly amount: DecimalString;
  }[];
}

interface TradeRow {
  readonly contractId: number;
  readonly ledgerDate: BusinessDate;
  readonly billingRunId: number;
  readonly flow: string;
  readonly market: string;
  readonly accountId: number;
  readonly instrumentId: string;
  readonly side: Side;
  readonly tradeDate: BusinessDate;
  readonly channel: number;
  readonly stage: TradeStage;
  readonly currency: string;
  readonly quantities: readonly DecimalString[];
  readonly prices: readonly DecimalString[];
  /** The order of each execution, from 0. */
  readonly orderOf: readonly number[];
  /** Of each order. */
  readonly emsOrderNos: readonly (string | null)[];
}

/** The trade of a contract, with the order channel that billing would use now of its first order. */
const TRADE = `SELECT c.contract_id AS "contractId", c.ledger_date AS "ledgerDate",
    c.billing_run_id AS "billingRunId", c.flow, c.market, c.account_id AS "accountId",
    i.instrument_id AS "instrumentId", c.side, c.trade_date AS "tradeDate",
    c.currency, coalesce(e.channel, o.order_channel) AS channel, o.stage,
    x.quantities, x.prices, x."orderOf", (SELECT array_agg(s.ems_order_no ORDER BY m.place)
      FROM contract_orders m JOIN orders s USING (ledger_date, order_no)
      WHERE m.ledger_date = c.ledger_date AND m.contract_id = c.contract_id) AS "emsOrderNos"
  FROM ledger_dates d
  JOIN contracts c ON c.ledger_date = d.ledger_date AND c.contract_id = $1
  JOIN orders o ON o.ledger_date = c.ledger_date AND o.order_no = c.order_no
  JOIN instruments i ON i.asset_id = c.asset_id
  LEFT JOIN order_channel_edits e ON e.ledger_date = c.ledger_date AND e.order_id = c.order_id
    AND e.current
  CROSS JOIN LATERAL (
    SELECT array_agg(e.quantity::text ORDER BY m.place, e.execution_no) AS quantities,
      array_agg(e.price::text ORDER BY m.place, e.execution_no) AS prices,
      array_agg(m.place - 1 ORDER BY m.place, e.execution_no) AS "orderOf"
    FROM contract_orders m
    JOIN executions e ON e.ledger_date = m.ledger_date AND e.order_no = m.order_no
    WHERE m.ledger_date = c.ledger_date AND m.contract_id = c.contract_id) x`;

/** What is priced otherwise than it was. */
export interface OtherTerms {
  readonly accountNo?: string | undefined;
  readonly orderChannel?: number | undefined;
  readonly stage?: TradeStage | undefined;
}

/** 试算: as feesInTrial, of one moment, and the database would refuse to save anything. */
export const tryFees = (db: Db, contractId: number, changed: OtherTerms = {}): Promise<FeeTrial> =>
  readSnapshot(db, (t) => feesInTrial(t, contractId, changed));

/**
 * What billing would charge a contract now, by the rules, schedules and channel of now; for another
 * account, channel or stage, too. Asks where billing asks, and saves nothing. In tiers by the month
 * it stands where it stands in its run, and once posted behind what is posted beside it. Throws
 * NOT_FOUND, UNKNOWN_ACCOUNT, and what billing would fail with.
 */
export async function feesInTrial(
  t: Transaction,
  contractId: number,
  changed: OtherTerms,
): Promise<FeeTrial> {
  const [billed] = await rows<TradeRow>(t.client, TRADE, [contractId]);
  if (billed === undefined) throw new ClearingError('NOT_FOUND', { contractId });
  const trade = {
    ...billed,
    channel: changed.orderChannel ?? billed.channel,
    stage: changed.stage ?? billed.stage,
    accountId: await accountIdNamed(t, changed.accountNo, billed.accountId),
  };
  const { flow, accountId, instrumentId, tradeDate } = trade;
  const desk = await openFeeDesk(t, {
    ...{ flow, accountIds: [accountId], instrumentIds: [instrumentId], day: tradeDate },
    policyVersion: undefined,
  });
  const instrument = desk.instruments.get(instrumentId);
  if (instrument === undefined) throw new ClearingError('UNKNOWN_INSTRUMENT', { instrumentId });
  const plan = desk.plans.planOf(trade, instrument);
  const month = new MonthCounters(await monthOf(t, desk, billed, accountId));
  const monthToDate = (line: TariffLine) => month.before(line, plan.query);
  const executions = { ...trade, emsOrderOf: emsOrderPlaces(trade.emsOrderNos), monthToDate };
  const priced = priceInto(plan, executions, () => undefined);
  return {
    contractId,
    currency: trade.currency,
    orderChannel: trade.channel,
    scheduleId: plan.query.scheduleId,
    calculateOutAmount: priced.totalFees,
    netAmount: priced.net,
    items: plan.lines.map(({ feeCode, ruleId }, at) => {
      const amount = priced.lineTotals[at] ?? '';
      return { feeCode, ruleId, amount };
    }),
  };
}

/** Nothing is read for an account whose fees do not depend on the month. */
async function monthOf(
  t: Transaction,
  desk: FeeDesk,
  billed: TradeRow,
  accountId: number,
): Promise<readonly CountedTrades[]> {
  if (!desk.plans.accountsByMonth().includes(accountId)) return [];
  const beside = accountId === billed.accountId ? await tradedBeside(t.client, billed) : [];
  return [...(desk.traded.get(accountId) ?? []), ...beside];
}

async function accountIdNamed(
  { client }: Transaction,
  accountNo: string | undefined,
  otherwise: number,
): Promise<number> {
  if (accountNo === undefined) return otherwise;
  const accountId = (await accountIdOf(client, accountNo)) ?? undefined;
  if (accountId === undefined) throw new ClearingError('UNKNOWN_ACCOUNT', { accountNo });
  return accountId;
}
