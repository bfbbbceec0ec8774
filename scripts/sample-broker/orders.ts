import { SIDES, type OrderChannel } from '../../domain/trades/trade.ts';
import type { SampleInstrument } from './instruments.ts';
import type { SampleExecution, SampleOrder } from './model.ts';
import type { Random } from './random.ts';
import type { Session } from './sessions.ts';

const MINUTE = 60_000;

/** Fills of an order and how often: 3.3 on average. */
const FILL_WEIGHTS = [
  [1, 22],
  [2, 20],
  [3, 18],
  [4, 14],
  [5, 10],
  [6, 7],
  [7, 4],
  [8, 3],
  [9, 2],
] as const;

const CHANNEL_WEIGHTS: readonly (readonly [OrderChannel, number])[] = [
  [0, 44],
  [9, 15],
  [7, 14],
  [6, 9],
  [3, 8],
  [2, 4],
  [4, 3],
  [1, 2],
  [5, 1],
];

const SETTLEMENT_CHANNEL_WEIGHTS = {
  HK: [
    ['CCASS', 84],
    ['CCASS2', 12],
    ['HKOTC', 4],
  ],
  US: [
    ['IB', 85],
    ['IBFX', 15],
  ],
} as const;

/**
 * Least price step by price, in thousandths: the Hong Kong spread table, as far as it is needed.
 */
const HK_STEPS = [
  [250, 1],
  [500, 5],
  [20_000, 10],
  [50_000, 20],
  [100_000, 50],
  [200_000, 100],
  [500_000, 200],
  [1_000_000, 500],
] as const;

const CENT = 100;

export const priceStep = (instrument: SampleInstrument): number =>
  instrument.market === 'US'
    ? CENT
    : (HK_STEPS.find(([below]) => instrument.basePrice < below)?.[1] ?? 1000);

/** The instrument's price in this session, before the movements of single fills. */
function sessionPrice(random: Random, instrument: SampleInstrument): number {
  const step = priceStep(instrument);
  const drift = 1 + (random.next() - 0.5) * 0.04;
  return Math.max(2 * step, Math.round((instrument.basePrice * drift) / step) * step);
}

function fillPrice(random: Random, instrument: SampleInstrument, around: number): number {
  const step = priceStep(instrument);
  const price = Math.max(step, around + random.int(-2, 2) * step);
  // New York fills inside the spread: a part of a cent better.
  const improved = instrument.market === 'US' && random.chance(0.15);
  return improved ? price - random.int(1, CENT - 1) : price;
}

const instantOf = (session: Session, time: string): number =>
  Date.parse(`${session.tradeDate}T${time}:00Z`);

/** An instant of continuous trading. */
function tradingInstant(random: Random, session: Session): number {
  const spans = session.hours.map(
    ([from, to]) => [instantOf(session, from), instantOf(session, to)] as const,
  );
  let left = random.next() * spans.reduce((sum, [from, to]) => sum + to - from, 0);
  for (const [from, to] of spans) {
    if (left < to - from) return Math.floor(from + left);
    left -= to - from;
  }
  return spans.at(-1)?.[1] ?? 0;
}

/** Splits a quantity into fills of at least one unit; the odd lot stays in the last one. */
function splitQuantity(random: Random, units: number, fills: number): number[] {
  const parts = Array.from({ length: fills }, () => 1);
  for (let left = units - fills; left > 0;) {
    const part = random.int(0, fills - 1);
    const size = Math.min(left, random.int(1, Math.max(1, Math.ceil(units / fills))));
    parts[part] = (parts[part] ?? 0) + size;
    left -= size;
  }
  return parts;
}

function fillQuantities(random: Random, instrument: SampleInstrument): number[] {
  const fills = random.weighted(FILL_WEIGHTS);
  const { lotSize } = instrument;
  const units =
    lotSize === 1 ? fills * random.int(1, 60) : fills + random.int(0, fills * random.int(1, 6));
  const quantities = splitQuantity(random, units, fills).map((part) => part * lotSize);
  if (lotSize > 1 && random.chance(0.05)) {
    const last = quantities.length - 1;
    quantities[last] = (quantities[last] ?? 0) + random.int(1, lotSize - 1);
  }
  return quantities;
}

export interface OrderSource {
  readonly random: Random;
  readonly session: Session;
  readonly instruments: readonly [SampleInstrument, ...SampleInstrument[]];
  /** Indexes of the accounts that may trade. */
  readonly traders: readonly number[];
}

/** Heavy traders first. A square root is the same on every machine; other powers need not be. */
function traderOf({ random, traders }: OrderSource): number {
  const drawn = random.next();
  return traders[Math.floor(traders.length * drawn * Math.sqrt(drawn))] ?? 0;
}

function executionsOf(
  source: OrderSource,
  instrument: SampleInstrument,
  price: number,
  prefix: string,
): SampleExecution[] {
  const { random, session } = source;
  const quantities = fillQuantities(random, instrument);
  const instants = quantities.map(() => tradingInstant(random, session)).sort((a, b) => a - b);
  return quantities.map((quantity, index) => {
    const executedAt = instants[index] ?? 0;
    return {
      executionId: `${prefix}-${index + 1}`,
      version: 1,
      quantity,
      price: fillPrice(random, instrument, price),
      cancelled: false,
      executedAt,
      recordedAt: executedAt + random.int(40, 900),
      supersededAt: null,
    };
  });
}

/** Orders of one session in the order of their ids. */
export function sessionOrders(source: OrderSource, count: number): SampleOrder[] {
  const { random, session, instruments } = source;
  const prices = new Map(
    instruments.map((instrument) => [instrument, sessionPrice(random, instrument)]),
  );
  const day = session.tradeDate.slice(2).replaceAll('-', '');
  return Array.from({ length: count }, (_, index) => {
    const orderId = `${session.market}${day}-${String(index + 1).padStart(6, '0')}`;
    const instrument = random.pick(instruments);
    const fills = executionsOf(source, instrument, prices.get(instrument) ?? 0, orderId);
    const withdrawn = random.chance(0.01);
    const filled = fills.reduce((sum, { quantity }) => sum + quantity, 0);
    const unfilled = random.chance(0.08) ? instrument.lotSize * random.int(1, 5) : 0;
    const placedAt = (fills[0]?.executedAt ?? 0) - random.int(1, 20 * 60) * 1000;
    return {
      orderId,
      account: traderOf(source),
      instrument,
      side: random.chance(0.54) ? SIDES[0] : SIDES[1],
      orderChannel: random.weighted(CHANNEL_WEIGHTS),
      settlementChannel: random.weighted<string>(SETTLEMENT_CHANNEL_WEIGHTS[session.market]),
      quantity: filled + unfilled,
      recordedAt: placedAt,
      cancelledAt: withdrawn ? placedAt + 5 * MINUTE : null,
      executions: withdrawn ? [] : fills,
    };
  });
}
