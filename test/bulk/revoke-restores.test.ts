import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import {
  addTrade,
  EQUITY,
  ETF,
  MON_2025_12_22,
  MON_2025_12_29,
  rollTo,
  smallBroker,
} from './support/broker.ts';
import { balancesOf, billsOf, count, postedOf, statesOf } from './support/books.ts';
import { runStep, type Cut, type Place } from './support/run-step.ts';
import { clearAgain, clearFlow, undoFlow } from './support/whole-flow.ts';

/** What Monday the 22nd books is due on Monday the 29th. */
const BEFORE: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const DUE: Place = { ...BEFORE, ledgerDate: MON_2025_12_29 };
const generation = (n: number): Place => ({ ...DUE, generation: n });

const fill = fc.record({
  quantity: fc.integer({ min: 1, max: 50_000 }),
  /** In thousandths, as low as a warrant. */
  price: fc.integer({ min: 1, max: 900_000 }),
});
const trade = fc.record({
  account: fc.integer({ min: 1, max: 5 }),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  instrumentId: fc.constantFrom(EQUITY, ETF),
  fills: fc.array(fill, { minLength: 1, maxLength: 3 }),
});
const trades = fc.array(trade, { maxLength: 6 });
const day = fc.record({
  before: trades,
  own: trades,
  /** Those that join after a revoke that kept the postings. */
  added: trades,
  cut: fc.record({ shardPerAccount: fc.boolean(), chunkSize: fc.integer({ min: 1, max: 4 }) }),
});
type Trade = typeof trade extends fc.Arbitrary<infer T> ? T : never;

const thousandths = (price: number): string =>
  `${Math.floor(price / 1000)}.${String(price % 1000).padStart(3, '0')}`;

async function send(db: Db, prefix: string, list: readonly Trade[], tradeDate: BusinessDate) {
  for (const [index, { account, side, instrumentId, fills }] of list.entries()) {
    const orderId = `${prefix}${index + 1}`;
    await addTrade(db, {
      orderId,
      accountNo: `A000${account}`,
      side,
      instrumentId,
      tradeDate,
      fills: fills.map(({ quantity, price }, at) => [
        `${orderId}-${at + 1}`,
        String(quantity),
        thousandths(price),
      ]),
    });
  }
}

/** Everything that a client or an auditor could see of the books, without ids. */
const booksOf = async (db: Db) => ({
  balances: await balancesOf(db),
  bills: await billsOf(db),
  states: await statesOf(db),
});

interface Day {
  readonly before: readonly Trade[];
  readonly own: readonly Trade[];
  readonly added: readonly Trade[];
  readonly cut: Cut;
}

/** Clears a day, adds trades after a revoke that kept the postings, undoes all, clears it again. */
async function revokeAndClearAgain(db: Db, { before, own, added, cut }: Day): Promise<void> {
  await send(db, 'B', before, MON_2025_12_22);
  await clearFlow(db, BEFORE);
  await rollTo(db, MON_2025_12_29);
  const restored = await booksOf(db);
  const journals = await count(db, 'journals');

  await send(db, 'O', own, MON_2025_12_29);
  await clearFlow(db, generation(1), cut);
  await send(db, 'X', added, MON_2025_12_29);
  await clearFlow(db, generation(2), cut);
  const cleared = await booksOf(db);
  expect(cleared.balances).toEqual(await postedOf(db));

  const booked = (await count(db, 'journals')) - journals;
  await undoFlow(db, generation(2), cut);
  expect(await booksOf(db)).toEqual(restored);
  expect(await balancesOf(db)).toEqual(await postedOf(db));
  expect(await count(db, 'journals', 'reverses_journal_id IS NOT NULL')).toBe(booked);
  // Undone once more, nothing is left to reverse.
  const again = await runStep(db, generation(2), 'undoPosting');
  expect(again.status).toBe('SUCCEEDED_EMPTY');

  await clearAgain(db, generation(3), cut);
  expect(await booksOf(db)).toEqual(cleared);
}

describe('a revoke with an undo', () => {
  it('restores the books exactly, and the next run books the same, on any small day', async () => {
    await fc.assert(
      fc.asyncProperty(day, async (one) => {
        const db = await smallBroker();
        try {
          await revokeAndClearAgain(db, one);
        } finally {
          await db.$client.end();
        }
      }),
      { numRuns: 4, seed: 20_251_229, endOnFailure: true },
    );
  });
});
