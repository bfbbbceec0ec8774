import { PRICE_PLACES, type SampleInstrument } from './instruments.ts';
import {
  finalExecutions,
  type SampleAccount,
  type SampleHolding,
  type SampleSession,
} from './model.ts';
import { randomOf, type Random } from './random.ts';

const CURRENCIES = ['HKD', 'USD'] as const;
const CENTS = 100;

/** How the trades of all sessions moved one account, in shares and cents. */
class Needs {
  readonly #lowest = new Map<string, number>();
  readonly #current = new Map<string, number>();

  move(asset: string, amount: number): void {
    const current = (this.#current.get(asset) ?? 0) + amount;
    this.#current.set(asset, current);
    this.#lowest.set(asset, Math.min(this.#lowest.get(asset) ?? 0, current));
  }

  /** What must be there at the start, so that the account never runs short. */
  of(asset: string): number {
    return -(this.#lowest.get(asset) ?? 0);
  }

  get assets(): string[] {
    return [...this.#lowest.keys()];
  }
}

const centsOf = (instrument: SampleInstrument, quantity: number, price: number): number =>
  Math.ceil((quantity * price * CENTS) / 10 ** PRICE_PLACES[instrument.market]);

function needsOf(sessions: readonly SampleSession[]): Map<number, Needs> {
  const needs = new Map<number, Needs>();
  for (const { orders } of sessions) {
    for (const order of orders) {
      const { instrument, account } = order;
      const needed = needs.get(account) ?? new Needs();
      needs.set(account, needed);
      for (const { quantity, price } of finalExecutions(order)) {
        const sign = order.side === 'BUY' ? 1 : -1;
        needed.move(instrument.instrumentId, sign * quantity);
        needed.move(instrument.currency, -sign * centsOf(instrument, quantity, price));
      }
    }
  }
  return needs;
}

function positionsOf(
  random: Random,
  needs: Needs | undefined,
  instruments: readonly SampleInstrument[],
): Map<string, number> {
  const positions = new Map<string, number>();
  for (const instrument of instruments) {
    const { instrumentId, lotSize } = instrument;
    const needed = needs?.of(instrumentId) ?? 0;
    const isHeld = random.chance(0.06);
    const lots = random.int(1, 20);
    const shares = needed + (isHeld || needed > 0 ? lots * lotSize * (lotSize === 1 ? 10 : 1) : 0);
    if (shares > 0) positions.set(instrumentId, shares);
  }
  return positions;
}

/** Cash accounts pay for what they buy; margin accounts may live on credit for a part of it. */
function cashOf(random: Random, account: SampleAccount, needed: number): number {
  const own = random.int(50_000, 40_000_000);
  return account.kind === 'CASH' ? Math.ceil(needed * 1.02) + own : Math.ceil(needed / 2) + own;
}

/** What every account brings into the first ledger date's history. A closed one brings nothing. */
export function sampleHoldings(
  seed: number,
  accounts: readonly SampleAccount[],
  instruments: readonly SampleInstrument[],
  sessions: readonly SampleSession[],
): SampleHolding[] {
  const needs = needsOf(sessions);
  const random = randomOf(seed, 'holdings');
  return accounts.flatMap((account, index): SampleHolding[] => {
    if (account.status === 'CLOSED') return [];
    const own = needs.get(index);
    const held = [...positionsOf(random, own, instruments)];
    const cash = CURRENCIES.map(
      (currency) => [currency, cashOf(random, account, own?.of(currency) ?? 0)] as const,
    );
    return [
      ...held.map(([asset, amount]) => ({ account: index, asset, amount, frozen: 0 })),
      ...cash.map(([asset, amount]) => ({
        account: index,
        asset,
        amount,
        frozen: account.status === 'FROZEN' ? Math.floor(amount / 2) : 0,
      })),
    ];
  });
}

/** Every account that is not closed has plenty of everything, so that a test may trade at will. */
export function tinyHoldings(
  accounts: readonly SampleAccount[],
  instruments: readonly SampleInstrument[],
): SampleHolding[] {
  return accounts.flatMap((account, index): SampleHolding[] =>
    account.status === 'CLOSED'
      ? []
      : [
          ...instruments.map(({ instrumentId, lotSize }) => ({
            account: index,
            asset: instrumentId,
            amount: lotSize === 1 ? 10_000 : 1_000 * lotSize,
            frozen: 0,
          })),
          ...CURRENCIES.map((asset) => ({
            account: index,
            asset,
            amount: 10_000_000 * CENTS,
            frozen: 0,
          })),
        ],
  );
}
