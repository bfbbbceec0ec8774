import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { emsOrderPlaces } from '../../../domain/fees/ems-order-places.ts';
import { explainedFee } from '../../../domain/fees/fee-explanation.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import type { FxBook } from '../../../domain/fees/fx-rate.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { MonthToDate, TariffQuery } from '../../../domain/fees/tariff-plan.ts';
import { Decimal } from '../../../domain/money/decimal.ts';
import type { Explanation } from '../../../scripts/explain-fees/explained-terms.ts';

export const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const FACTS = {
  market: 'HK',
  scheduleId: 'any',
  instrumentType: 'EQUITY',
  side: 'SELL',
  tradeDate: MON_2025_12_22,
} as const;

export interface Fill {
  readonly quantity: string;
  readonly price: string;
  /** The first execution of the contract's next order. */
  readonly opensOrder?: boolean;
  /** Of that order. */
  readonly emsOrderNo?: string | null;
}

const NOTHING_BEFORE: MonthToDate = {};

/** The explanations of all fees of an order under these rules, as JSON brings them. */
export function explanationsOf(
  rules: readonly FeeRule[],
  fills: readonly Fill[],
  month = NOTHING_BEFORE,
  more: Partial<TariffQuery> = {},
  fx?: FxBook,
): Explanation[] {
  const query = { ...FACTS, stampDutyExempt: true, channel: 6, ...more };
  const plan = compileTariff(rules, query, fx);
  const orderOf = fills.map(
    (_, at) => fills.slice(1, at + 1).filter(({ opensOrder }) => opensOrder).length,
  );
  // What the first execution of an order says holds for all of it.
  const emsOrderNos = fills
    .filter((_, at) => orderOf[at] !== orderOf[at - 1])
    .map(({ emsOrderNo }) => emsOrderNo ?? null);
  const priced = priceExecutions(plan, {
    quantities: fills.map(({ quantity }) => quantity),
    prices: fills.map(({ price }) => price),
    orderOf,
    emsOrderOf: emsOrderPlaces(emsOrderNos),
    monthToDate: () => month,
  });
  const totals = new Map(plan.lines.map(({ feeCode }, at) => [feeCode, priced.lineTotals[at]!]));
  let feesBefore = new Decimal(0);
  return priced.lines.map((line, at) => {
    const executions = fills.map(({ quantity, price }, index) => {
      const orderPlace = (orderOf[index] ?? 0) + 1;
      const emsOrderNo = emsOrderNos[orderPlace - 1] ?? null;
      const ids = { executionId: `E${index + 1}`, orderId: `O${orderPlace}`, orderPlace };
      return { ...ids, emsOrderNo, quantity, price, executionNo: index + 1 };
    });
    const choice = plan.lines.find(({ feeCode }) => feeCode === line.feeCode)!.choice;
    const { executionIndex, orderIndex } = line;
    const executionNo = executionIndex === null ? -(orderIndex ?? -1) - 1 : executionIndex + 1;
    const fee = { ...line, contractId: 1, line: at + 1, payee: 'BROKER', executionNo, choice };
    const ids = { contractId: 1, orderId: 'O1', accountNo: '1', instrumentId: 'ST/HK/700' };
    const explanation = explainedFee(
      {
        ...fee,
        feesBefore: feesBefore.toString(),
        monthBefore: line.monthBefore ?? null,
        totals,
      },
      {
        ...FACTS,
        ...ids,
        ledgerDate: MON_2025_12_22,
        orderChannel: 6,
        stage: 'NORMAL',
        stampDutyEdit: null,
        executions,
      },
      new Map(rules.map((rule) => [rule.ruleId, rule])),
    );
    feesBefore = feesBefore.plus(line.amount);
    return JSON.parse(JSON.stringify(explanation)) as Explanation;
  });
}
