import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal } from '../../../domain/money/decimal.ts';
import { isDecimalText, parseDecimal } from '../../../domain/money/parse-decimal.ts';
import {
  formatAmount,
  incrementPlaces,
  roundTo,
  ROUNDING_MODES,
} from '../../../domain/money/rounding.ts';
import {
  formatCents,
  formatScaled,
  INEXACT,
  isLess,
  readScaled,
  roundedUnits,
  scaledColumn,
  sumInto,
  timesExactly,
} from '../../../domain/money/scaled.ts';

const decimalText = fc
  .tuple(fc.nat({ max: 99_999_999 }), fc.nat({ max: 9_999_999 }), fc.integer({ min: 0, max: 7 }))
  .map(([whole, fraction, places]) =>
    places === 0 ? String(whole) : `${whole}.${String(fraction).padStart(7, '0').slice(0, places)}`,
  );

const read = (text: string): readonly [number, number] => {
  const column = scaledColumn(1);
  expect(readScaled(text, column, 0)).toBe(true);
  return [column.mantissa[0]!, column.scale[0]!];
};

describe('Decimal', () => {
  test('multiplies the longest quantity, price, exchange rate and rate without a loss', () => {
    const value = new Decimal('999999999999999999').times('99999999.9999999999');
    expect(value.times('7.812345').times('0.00005651').toString()).toBe(
      '44147561594999999911704.876810000000044147561595',
    );
  });

  test('prints plain digits however large or small', () => {
    expect(new Decimal('1e45').toString()).toBe(`1${'0'.repeat(45)}`);
    expect(new Decimal('1e-45').toString()).toBe(`0.${'0'.repeat(44)}1`);
  });
});

describe('rounding', () => {
  test.each([
    ['half-up', '0.01', '0.015', '0.02'],
    ['half-up', '0.01', '-0.015', '-0.02'],
    ['half-up', '0.01', '0.0149999', '0.01'],
    ['half-even', '0.01', '0.025', '0.02'],
    ['half-even', '0.01', '0.035', '0.04'],
    ['ceil', '0.01', '0.0001', '0.01'],
    ['ceil', '0.01', '0.24', '0.24'],
    ['ceil', '0.01', '0', '0.00'],
    ['ceil', '1.00', '150.20', '151.00'],
    ['ceil', '1.00', '151', '151.00'],
    ['floor', '0.01', '1.999', '1.99'],
    ['half-up', '0.05', '0.07', '0.05'],
    ['half-up', '0.05', '0.075', '0.10'],
  ] as const)('%s to %s: %s becomes %s', (mode, increment, exact, expected) => {
    expect(formatAmount(roundTo(new Decimal(exact), { mode, increment }))).toBe(expected);
  });

  test('stays within one increment of the exact amount, on the side that the mode says', () => {
    fc.assert(
      fc.property(decimalText, fc.constantFrom('0.01', '1.00', '0.05'), (text, increment) => {
        const exact = new Decimal(text);
        const to = (mode: (typeof ROUNDING_MODES)[number]) => roundTo(exact, { mode, increment });
        for (const mode of ROUNDING_MODES) {
          expect(to(mode).minus(exact).abs().lt(increment)).toBe(true);
          expect(to(mode).mod(increment).isZero()).toBe(true);
          expect(to(mode).negated().eq(roundTo(exact.negated(), { mode, increment }))).toBe(true);
        }
        expect(to('floor').lte(exact) && exact.lte(to('ceil'))).toBe(true);
        expect(to('half-up').minus(exact).abs().times(2).lte(increment)).toBe(true);
      }),
    );
  });

  test('an increment knows its decimals', () => {
    expect(['0.01', '1.00', '0.050'].map(incrementPlaces)).toEqual([2, 0, 2]);
  });
});

describe('a decimal text', () => {
  test.each(['1', '0.5', '-3.20', '007'])('%s is one', (text) => {
    expect(isDecimalText(text)).toBe(true);
  });

  test.each(['', '.5', '5.', '1e3', '+1', '1,000', ' 1', '0x10', 'NaN', '１'])(
    '%s is none',
    (text) => {
      expect(isDecimalText(text)).toBe(false);
      expect(() => parseDecimal(text, 'price')).toThrow(/NOT_A_DECIMAL.*price/);
    },
  );
});

describe('scaled numbers are the same as Decimal', () => {
  test('read and written', () => {
    fc.assert(
      fc.property(decimalText, (text) => {
        expect(formatScaled(...read(text))).toBe(new Decimal(text).toString());
      }),
    );
  });

  test('multiplied, unless they say that they are inexact', () => {
    fc.assert(
      fc.property(decimalText, decimalText, (a, b) => {
        const [am, as] = read(a);
        const [bm, bs] = read(b);
        const product = timesExactly(am, bm);
        if (product === INEXACT) return;
        expect(formatScaled(product, as + bs)).toBe(new Decimal(a).times(b).toString());
      }),
    );
  });

  test('compared', () => {
    fc.assert(
      fc.property(decimalText, decimalText, (a, b) => {
        expect(isLess(...read(a), ...read(b))).toBe(new Decimal(a).lt(b));
        expect(isLess(...read(a), ...read(a))).toBe(false);
      }),
    );
  });

  test('summed', () => {
    fc.assert(
      fc.property(fc.array(decimalText, { minLength: 1, maxLength: 9 }), (texts) => {
        const column = scaledColumn(texts.length + 1);
        texts.forEach((text, at) => expect(readScaled(text, column, at)).toBe(true));
        if (!sumInto(column, texts.length)) return;
        const sum = texts.reduce((total, text) => total.plus(text), new Decimal(0));
        const at = texts.length;
        expect(formatScaled(column.mantissa[at]!, column.scale[at]!)).toBe(sum.toString());
      }),
    );
  });

  test('rounded', () => {
    const value = fc.tuple(fc.maxSafeNat(), fc.integer({ min: 0, max: 20 }));
    fc.assert(
      fc.property(value, fc.constantFrom(...ROUNDING_MODES), ([mantissa, scale], mode) => {
        const units = roundedUnits(mantissa, scale, 2, mode);
        if (units === INEXACT) return;
        const exact = new Decimal(mantissa).times(new Decimal(10).pow(-scale));
        const expected = roundTo(exact, { mode, increment: '0.01' });
        if (units <= Number.MAX_SAFE_INTEGER) expect(formatCents(units)).toBe(expected.toFixed(2));
      }),
    );
  });

  test.each(['', '.', '1.', '.1', '1..2', '-1', '1e2', '12345678901234567', `0.${'1'.repeat(23)}`])(
    '%j is left to Decimal',
    (text) => {
      expect(readScaled(text, scaledColumn(1), 0)).toBe(false);
    },
  );
});
