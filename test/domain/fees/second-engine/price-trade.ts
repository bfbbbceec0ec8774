import type { FeeRule } from '../../../../domain/fees/fee-rule.ts';
import type { FxRate } from '../../../../domain/fees/fx-rate.ts';
import type {
  MonthToDate,
  OrderToPrice,
  TariffQuery,
} from '../../../../domain/fees/tariff-plan.ts';
import { acrossBands, bandOf } from './bands.ts';
import { inOrder, readCharge, type Charge } from './charge.ts';
import { chooseRules, REFUSED } from './choose-rules.ts';
import { groupsOf, type Fill, type Group, type Groups } from './groups.ts';
import {
  dividedBy,
  exact,
  isLess,
  minus,
  NOTHING,
  over,
  plus,
  rounded,
  sum,
  textOf,
  times,
  whole,
  type Exact,
} from './exact.ts';

interface Before {
  readonly orders: number;
  readonly shares: Exact;
  readonly turnover: Exact;
}

interface Worth {
  readonly metric: Exact;
  readonly amount: Exact;
  readonly clamp: string;
}

/** Rows of each fee code as one text, and the sums; equal texts mean equal prices. */
export interface Priced {
  readonly rows: ReadonlyMap<string, string>;
  readonly sums: string;
}

/** One row as text: positions (−1 where there is none), metric, exact amount, clamp, amount. */
export const rowText = (
  execution: number,
  order: number,
  metric: string,
  unrounded: string,
  clamp: string,
  amount: string,
): string => `${execution} ${order} ${metric} ${unrounded} ${clamp} ${amount};`;

export type Tariff = readonly Charge[];

/** The tariff of one kind of trade; throws where a rule in another currency has no rate. */
export function readTariff(
  rules: readonly FeeRule[],
  query: TariffQuery,
  rates: readonly FxRate[],
): Tariff | typeof REFUSED {
  const winners = chooseRules(rules, query);
  if (winners === REFUSED) return REFUSED;
  return inOrder([...winners.values()].map((rule) => readCharge(rule, query, rates)));
}

/** Prices one contract exactly; throws UNSUPPORTED where it touches a tier of unknown terms. */
export function priceTrade(
  tariff: Tariff,
  side: 'BUY' | 'SELL',
  trade: OrderToPrice,
  month: MonthToDate | undefined,
): Priced {
  const multiplier = exact(trade.multiplier ?? '1');
  const fxRate = exact(trade.fxRate ?? '1');
  const inTradeCurrency: Exact[] = [];
  const fills = trade.quantities.map((text, at): Fill => {
    const quantity = exact(text);
    const price = exact(trade.prices[at]!);
    const gross = times(times(quantity, price), multiplier);
    inTradeCurrency.push(gross);
    const order = trade.orderOf?.[at] ?? 0;
    const emsOrder = trade.emsOrderOf?.[order] ?? order;
    return { quantity, price, value: times(gross, fxRate), order, emsOrder };
  });
  const before: Before = {
    orders: month?.ordersBefore ?? 0,
    shares: exact(month?.sharesBefore ?? '0'),
    turnover: times(exact(month?.turnoverBefore ?? '0'), fxRate),
  };
  const groups = groupsOf(fills);
  const charged = new Map<string, Exact>();
  const rows = new Map<string, string>();
  for (const charge of tariff) {
    let text = '';
    const total = rowsOf(charge, groups, before, charged, (row) => (text += row));
    rows.set(charge.feeCode, text);
    charged.set(charge.feeCode, total);
  }
  const gross = sum(inTradeCurrency);
  const fees = sum([...charged.values()]);
  const net = side === 'BUY' ? plus(gross, fees) : minus(gross, fees);
  const quantity = textOf(groups.contract[0]!.quantity);
  const netText = trade.fxRate === undefined ? textOf(net) : 'null';
  return { rows, sums: `${quantity} ${textOf(gross)} ${textOf(fees, 2)} ${netText}` };
}

function rowsOf(
  charge: Charge,
  groups: Groups,
  before: Before,
  charged: ReadonlyMap<string, Exact>,
  emit: (row: string) => void,
): Exact {
  const put = (worth: Worth, { execution, order }: Group): Exact => {
    const isPriced = worth.clamp !== 'waived' && worth.clamp !== 'threshold';
    let { clamp } = worth;
    let booked =
      charge.formula.kind === 'remainder'
        ? worth.amount
        : rounded(worth.amount, charge.direction, charge.step);
    if (isPriced && charge.floor !== null && charge.rate.units > 0n && isLess(booked, charge.floor))
      [booked, clamp] = [charge.floor, 'min'];
    const texts = [textOf(worth.metric), textOf(worth.amount), clamp, textOf(booked, 2)] as const;
    emit(rowText(execution, order, ...texts));
    return booked;
  };
  if (charge.isSummed) {
    const begins = beginsOf(charge, groups.execution, before);
    const parts = groups.execution.map((group, at) => worthOf(charge, group, begins[at]!, charged));
    const together = {
      metric: sum(parts.map((part) => part.metric)),
      amount: sum(parts.map((part) => part.amount)),
      clamp: parts.find((part) => part.clamp !== '')?.clamp ?? '',
    };
    return put(together, groups.contract[0]!);
  }
  const own = groups[charge.unit === 'account-day' ? 'contract' : charge.unit];
  const begins = beginsOf(charge, own, before);
  return sum(own.map((group, at) => put(worthOf(charge, group, begins[at]!, charged), group)));
}

/** A group begins in the month behind the groups before it; tiers of the next day do not move. */
function beginsOf({ formula }: Charge, groups: readonly Group[], before: Before): Before[] {
  if (formula.kind === 'turnoverTier' && formula.mode === 'next-day') {
    return groups.map(() => before);
  }
  let { shares, turnover } = before;
  return groups.map((group) => {
    const begin = { orders: before.orders + Math.max(group.order, 0), shares, turnover };
    shares = plus(shares, group.quantity);
    turnover = plus(turnover, group.value);
    return begin;
  });
}

/** Computed in the currency of the rule, and brought back to that of the trade at the same rate. */
function worthOf(
  charge: Charge,
  group: Group,
  before: Before,
  charged: ReadonlyMap<string, Exact>,
): Worth {
  const { fx, formula } = charge;
  if (fx === null) return ownWorthOf(charge, group, before, charged);
  const fills = group.fills.map((fill) => ({ ...fill, price: over(fill.price, fx) }));
  const there = { ...group, fills, value: over(group.value, fx) };
  const fees = new Map([...charged].map(([code, amount]) => [code, over(amount, fx)]));
  const { metric, amount, clamp } = ownWorthOf(charge, there, before, fees);
  const isOfMoney = ['rate', 'perMillion', 'amountTier', 'ofFees'].includes(formula.kind);
  return { metric: isOfMoney ? times(metric, fx) : metric, amount: times(amount, fx), clamp };
}

function ownWorthOf(
  charge: Charge,
  group: Group,
  before: Before,
  charged: ReadonlyMap<string, Exact>,
): Worth {
  if (charge.isExempt) return { metric: group.value, amount: NOTHING, clamp: 'waived' };
  if (charge.formula.kind === 'remainder') {
    const cent = { units: 1n, places: 2, parts: 1n };
    const inAll = rounded(times(group.value, charge.rate), 'half-up', cent);
    const others = sum([...charged.values()]);
    return {
      metric: group.value,
      amount: minus(minus(inAll, group.value), others),
      clamp: '',
    };
  }
  const metric = metricOf(charge, group, before, charged);
  if (charge.threshold !== null && !isLess(charge.threshold, metric))
    return { metric, amount: NOTHING, clamp: 'threshold' };
  const yearly = amountOf(charge, metric, before);
  const amount = charge.divisor === null ? yearly : dividedBy(yearly, charge.divisor);
  return { metric, ...bounded(charge, amount, group.value) };
}

function metricOf(
  { formula, rate }: Charge,
  group: Group,
  before: Before,
  charged: ReadonlyMap<string, Exact>,
): Exact {
  switch (formula.kind) {
    case 'flat':
      return whole(1);
    case 'perContract':
    case 'quantityTier':
    case 'shareTier':
      return group.quantity;
    case 'perShare':
      if (formula.skipBelowAmount !== true) return group.quantity;
      return sum(
        group.fills.map(({ price, quantity }) => (isLess(price, rate) ? NOTHING : quantity)),
      );
    case 'perOrder':
      return whole(group.orders);
    case 'perEmsOrder':
      return whole(new Set(group.fills.map((fill) => fill.emsOrder)).size);
    case 'perExecution':
      return whole(group.fills.length);
    case 'ofFees':
      return sum(formula.feeCodes.map((code) => charged.get(code) ?? NOTHING));
    case 'orderTier':
      return whole(before.orders + 1);
    case 'rate':
    case 'perMillion':
    case 'amountTier':
    case 'turnoverTier':
    case 'remainder':
      return group.value;
  }
}

function amountOf({ formula, rate, bands }: Charge, metric: Exact, before: Before): Exact {
  switch (formula.kind) {
    case 'amountTier':
    case 'quantityTier':
      return acrossBands(bands, NOTHING, metric);
    case 'shareTier':
      return acrossBands(bands, before.shares, metric);
    case 'orderTier':
      return bandOf(bands, metric).rate;
    case 'turnoverTier': {
      if (formula.mode === 'marginal') return acrossBands(bands, before.turnover, metric);
      const reached = formula.mode === 'slab' ? plus(before.turnover, metric) : before.turnover;
      return times(metric, bandOf(bands, reached).rate);
    }
    case 'rate':
    case 'perMillion':
    case 'flat':
    case 'perShare':
    case 'perContract':
    case 'perOrder':
    case 'perEmsOrder':
    case 'perExecution':
    case 'ofFees':
    case 'remainder':
      return times(metric, rate);
  }
}

function bounded(charge: Charge, exactly: Exact, value: Exact): Omit<Worth, 'metric'> {
  let amount = exactly;
  let clamp = '';
  const atLeast = (): void => {
    if (charge.min !== null && isLess(amount, charge.min)) [amount, clamp] = [charge.min, 'min'];
  };
  const atMost = (): void => {
    if (charge.max !== null && isLess(charge.max, amount)) [amount, clamp] = [charge.max, 'max'];
    if (charge.cap === null) return;
    const share = times(value, charge.cap);
    if (isLess(share, amount)) [amount, clamp] = [share, 'cap'];
  };
  if (charge.isMinLast) {
    atMost();
    atLeast();
  } else {
    atLeast();
    atMost();
  }
  return { amount, clamp };
}
