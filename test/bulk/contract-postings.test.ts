import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import {
  agentPostings,
  assertBalanced,
  cashSettlementPostings,
  securitiesSettlementPostings,
  tradePostings,
  type ContractToPost,
  type PostingLine,
} from '../../domain/ledger/contract-postings.ts';
import { ExactSum } from '../../domain/ledger/exact-sum.ts';
import { Decimal } from '../../domain/money/decimal.ts';

const amount = (places: number) =>
  fc
    .bigInt({ min: 0n, max: 10n ** 22n })
    .map((units) => new Decimal(units.toString()).div(new Decimal(10).pow(places)).toFixed());

const contract = fc
  .record({
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    gross: amount(8),
    fees: fc.array(amount(2), { maxLength: 9 }),
    quantity: amount(4),
  })
  .map(({ side, gross, fees, quantity }): ContractToPost => {
    const total = fees.reduce((sum, fee) => sum.plus(fee), new Decimal(0));
    const net = side === 'BUY' ? new Decimal(gross).plus(total) : new Decimal(gross).minus(total);
    return {
      side,
      accountId: 1_000_001,
      streetAccountId: 101,
      currencyAssetId: 1,
      instrumentAssetId: 2,
      quantity,
      grossAmount: gross,
      netAmount: net.toFixed(),
      fees: fees.map((fee, index) => ({ ledgerAccountId: 10_001 + index, amount: fee })),
      cashSettlementDate: '2025-12-24' as BusinessDate,
      securitiesSettlementDate: '2025-12-29' as BusinessDate,
    };
  });

/** Sums by holder, asset and bucket, without what is zero. */
function placesOf(lines: readonly PostingLine[]): Record<string, string> {
  const sums = new Map<string, Decimal>();
  for (const { ledgerAccountId, assetId, bucket, amount: text } of lines) {
    const place = `${ledgerAccountId} ${assetId} ${bucket}`;
    sums.set(place, (sums.get(place) ?? new Decimal(0)).plus(text));
  }
  return Object.fromEntries(
    [...sums].filter(([, sum]) => !sum.isZero()).map(([place, sum]) => [place, sum.toFixed()]),
  );
}

describe('postings of a contract', () => {
  it('add up to zero per asset, in every journal', () => {
    fc.assert(
      fc.property(contract, (one) => {
        assertBalanced(tradePostings(one), 'trade');
        assertBalanced(cashSettlementPostings(one), 'cash');
        assertBalanced(securitiesSettlementPostings(one), 'securities');
      }),
    );
  });

  it('never hold a zero amount', () => {
    fc.assert(
      fc.property(contract, (one) => {
        const lines = [
          ...tradePostings(one),
          ...cashSettlementPostings(one),
          ...securitiesSettlementPostings(one),
        ];
        expect(lines.filter((line) => new Decimal(line.amount).isZero())).toEqual([]);
      }),
    );
  });

  it('leave nothing unsettled once both legs are settled', () => {
    fc.assert(
      fc.property(contract, (one) => {
        const places = placesOf([
          ...tradePostings(one),
          ...cashSettlementPostings(one),
          ...securitiesSettlementPostings(one),
        ]);
        expect(Object.keys(places).filter((place) => place.endsWith(' 2'))).toEqual([]);
      }),
    );
  });

  it('take from a buyer what the street and the fee accounts receive', () => {
    const lines = tradePostings({
      side: 'BUY',
      accountId: 1_000_001,
      streetAccountId: 101,
      currencyAssetId: 1,
      instrumentAssetId: 2,
      quantity: '400',
      grossAmount: '20000',
      netAmount: '20103.50',
      fees: [
        { ledgerAccountId: 10_001, amount: '100.00' },
        { ledgerAccountId: 10_002, amount: '3.50' },
        { ledgerAccountId: 10_003, amount: '0.00' },
      ],
      cashSettlementDate: '2025-12-24' as BusinessDate,
      securitiesSettlementDate: '2025-12-24' as BusinessDate,
    });
    expect(placesOf(lines)).toEqual({
      '1000001 1 2': '-20103.5',
      '101 1 2': '20000',
      '10001 1 1': '100',
      '10002 1 1': '3.5',
      '1000001 2 2': '400',
      '101 2 2': '-400',
    });
  });

  it('are refused when they do not balance', () => {
    const line = { ledgerAccountId: 1, assetId: 1, bucket: 1 as const, settlementDate: null };
    expect(() => assertBalanced([{ ...line, amount: '0.01' }], 'a journal')).toThrow(
      'BOOKS_OUT_OF_BALANCE',
    );
  });
});

describe('ExactSum', () => {
  it('is the sum that Decimal computes, for any amounts in any order', () => {
    const signed = fc
      .tuple(
        fc.boolean(),
        fc.nat({ max: 10 }).chain((places) => amount(places)),
      )
      .map(([isNegative, text]) => (isNegative && !new Decimal(text).isZero() ? `-${text}` : text));
    fc.assert(
      fc.property(fc.array(signed, { maxLength: 30 }), (amounts) => {
        const sum = new ExactSum();
        for (const text of amounts) sum.add(text);
        const expected = amounts.reduce((total, text) => total.plus(text), new Decimal(0));
        expect(new Decimal(sum.toString()).eq(expected)).toBe(true);
        expect(sum.isZero()).toBe(expected.isZero());
      }),
    );
  });
});

describe('what agents charge', () => {
  it('is an expense of the house that is owed to the custodian, and no client takes part', () => {
    const fee = { expenseAccountId: 50_001, payableAccountId: 90_101, amount: '1.25' };
    const none = { ...fee, amount: '0.00' };
    const settled = { assetId: 1, bucket: 1, settlementDate: null };
    expect(agentPostings(1, [fee, none])).toEqual([
      { ...settled, ledgerAccountId: 50_001, amount: '-1.25' },
      { ...settled, ledgerAccountId: 90_101, amount: '1.25' },
    ]);
  });

  it('adds up to zero beside the trade, whatever it is', () => {
    fc.assert(
      fc.property(contract, fc.array(amount(3), { maxLength: 5 }), (trade, amounts) => {
        const fees = amounts.map((each, at) => ({
          ...{ expenseAccountId: 50_000 + at, payableAccountId: 90_101, amount: each },
        }));
        const lines = [...tradePostings(trade), ...agentPostings(1, fees)];
        expect(() => {
          assertBalanced(lines, 'test');
        }).not.toThrow();
      }),
    );
  });
});
