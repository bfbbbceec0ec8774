import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { emsOrderPlaces } from '../domain/fees/ems-order-places.ts';
import { priceInto } from '../domain/fees/fee-kernel.ts';
import type { DecimalString } from '../domain/money/decimal.ts';
import type { Side, TradeStage } from '../domain/trades/trade.ts';
import { feeRuleVersion, loadInstruments, schedulesOf } from './bulk/billing-queries.ts';
import { PlanChoice } from './bulk/plan-choice.ts';
import { loadStampDutyEdits, StampDutyBook } from './bulk/stamp-duty-book.ts';
import { tariffsOf } from './bulk/tariffs.ts';
import type { Db } from './client.ts';
import { accountIdOf } from './queries/names.ts';
import { rows } from './queries/rows.ts';

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
  readonly flow: string;
  readonly market: string;
  readonly accountId: number;
  readonly assetId: number;
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
const TRADE = `SELECT c.flow, c.market, c.account_id AS "accountId", c.asset_id AS "assetId",
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

/**
 * 试算: what billing would charge a contract now, by the rules, schedules and channel of now. Asks
 * where billing asks, and saves nothing; for another account, channel or stage, too. Throws
 * NOT_FOUND, UNKNOWN_ACCOUNT, and what billing would fail with.
 */
export async function tryFees(
  db: Db,
  contractId: number,
  changed: {
    readonly accountNo?: string;
    readonly orderChannel?: number;
    readonly stage?: TradeStage;
  } = {},
): Promise<FeeTrial> {
  const reader = db.$client;
  const [billed] = await rows<TradeRow>(reader, TRADE, [contractId]);
  if (billed === undefined) throw new ClearingError('NOT_FOUND', { contractId });
  const trade = {
    ...billed,
    channel: changed.orderChannel ?? billed.channel,
    stage: changed.stage ?? billed.stage,
    accountId: await accountIdNamed(db, changed.accountNo, billed.accountId),
  };
  const tariffs = await tariffsOf(db, trade.flow, await feeRuleVersion(reader, trade.flow));
  const schedules = await schedulesOf(reader, [trade.accountId]);
  const named = await loadInstruments(reader, trade.flow, [trade.instrumentId]);
  const instrument = named.get(trade.assetId);
  if (instrument === undefined) {
    throw new ClearingError('UNKNOWN_INSTRUMENT', { assetId: trade.assetId });
  }
  const stampDuty = new StampDutyBook(await loadStampDutyEdits(reader, trade.flow));
  const plan = new PlanChoice(tariffs, schedules, stampDuty).planOf(trade, instrument);
  const executions = { ...trade, emsOrderOf: emsOrderPlaces(trade.emsOrderNos) };
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

async function accountIdNamed(
  db: Db,
  accountNo: string | undefined,
  otherwise: number,
): Promise<number> {
  if (accountNo === undefined) return otherwise;
  const accountId = (await accountIdOf(db.$client, accountNo)) ?? undefined;
  if (accountId === undefined) throw new ClearingError('UNKNOWN_ACCOUNT', { accountNo });
  return accountId;
}
