import { describe, expect, test } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import { referenceData } from '../reference.ts';
import { dayAfter } from './second-engine/random.ts';

/*
 * Every dated change of a published rate: what a trade of 10,000 at 100, a consideration of one
 * million, pays on the day before, on the day and on the day after. Typed from the publications
 * that are named, never read from the rules.
 */

/** Unrounded; null: there is no such line. A waived line is 0. */
type Pays = string | null;

interface Change {
  readonly line: string;
  readonly type: string;
  readonly day: string;
  readonly before: Pays;
  readonly after: Pays;
  readonly source: string;
}

const change = (
  line: string,
  type: string,
  day: string,
  before: Pays,
  after: Pays,
  source: string,
): Change => ({ line, type, day, before, after, source });

const HONG_KONG: readonly Change[] = [
  change('SFC_LEVY', 'EQUITY', '2014-11-01', null, '27', 'HKEX transaction fees: 0.0027%'),
  change('AFRC_LEVY', 'EQUITY', '2022-01-01', null, '1.5', 'HKEX transaction fees: 0.00015%'),
  change('TRADING_FEE', 'EQUITY', '2023-01-01', '50', '56.5', 'HKEX notice of 1 Nov 2022'),
  change('TRADING_TARIFF', 'EQUITY', '2023-01-01', '0.5', null, 'HKEX notice of 1 Nov 2022'),
  change('STAMP', 'EQUITY', '2021-08-01', '1000', '1300', 'rate 0.10% to 0.13%, both published'),
  change('STAMP', 'EQUITY', '2023-11-17', '1300', '1000', 'exchange circular CT/152/23'),
  change('STAMP', 'REIT', '2024-12-21', '1000', '0', 'gazette: units of REITs are exempt'),
  change('SETTLEMENT_FEE', 'EQUITY', '2025-06-30', '20', '42', 'HKSCC: 0.002% to 0.0042%'),
];

const STOCK_CONNECT: readonly Change[] = [
  change('CN_HANDLING', 'CN_EQUITY', '2023-08-28', '48.7', '34.1', '0.00487% to 0.00341%'),
  change('CN_TRANSFER_CSDC', 'CN_EQUITY', '2022-04-29', '20', '10', '0.002% to 0.001%'),
  change('CN_STAMP', 'CN_EQUITY', '2023-08-28', '1000', '500', '0.1% to 0.05%, seller only'),
];

const NEW_YORK: readonly Change[] = [
  ...(['US_EQUITY', 'US_OPTION'] as const).flatMap((type) => [
    change('SEC31', type, '2020-02-18', null, '22.1', 'FINRA notice: 22.10 a million'),
    change('SEC31', type, '2021-02-25', '22.1', '5.1', 'FINRA notice: 5.10'),
    change('SEC31', type, '2022-05-14', '5.1', '22.9', 'broker page: 22.90'),
    change('SEC31', type, '2023-02-27', '22.9', '8', 'broker page: 8.00'),
    change('SEC31', type, '2024-05-22', '8', '27.8', 'OCC and NYSE notices: 27.80'),
    change('SEC31', type, '2025-05-14', '27.8', '0', 'FINRA notice of 24 Apr 2025: 0.00'),
    change('SEC31', type, '2026-04-04', '0', '20.6', 'SEC advisory 2026-2, release 34-104909'),
  ]),
  change('TAF', 'US_EQUITY', '2022-01-01', '1.19', '1.3', 'FINRA schedule: 0.000130'),
  change('TAF', 'US_EQUITY', '2023-01-01', '1.3', '1.45', 'FINRA schedule: 0.000145'),
  change('TAF', 'US_EQUITY', '2024-01-01', '1.45', '1.66', 'FINRA schedule: 0.000166'),
  change('TAF', 'US_EQUITY', '2026-01-01', '1.66', '1.95', 'SR-FINRA-2024-019: 0.000195'),
  change('TAF', 'US_EQUITY', '2026-10-01', '1.95', '0', 'SR-FINRA-2026-021: a fee holiday'),
  change('TAF', 'US_EQUITY', '2027-01-01', '0', '1.95', 'SR-FINRA-2026-020 holds the rates'),
  change('TAF', 'US_OPTION', '2022-01-01', '20', '21.8', 'FINRA schedule: 0.00218'),
  change('TAF', 'US_OPTION', '2023-01-01', '21.8', '24.4', 'FINRA schedule: 0.00244'),
  change('TAF', 'US_OPTION', '2024-01-01', '24.4', '27.9', 'FINRA schedule: 0.00279'),
  change('TAF', 'US_OPTION', '2026-01-01', '27.9', '32.9', 'SR-FINRA-2024-019: 0.00329'),
  change('TAF', 'US_OPTION', '2026-10-01', '32.9', '0', 'SR-FINRA-2026-021: a fee holiday'),
  change('TAF', 'US_OPTION', '2027-01-01', '0', '32.9', 'SR-FINRA-2026-020 holds the rates'),
];

/** Bounds that changed with a rate: line, day, shares at 1.00, exact amounts before and after. */
const BOUNDS: readonly (readonly [string, string, string, string, string, string])[] = [
  ['SETTLEMENT_FEE', 'EQUITY', '2025-06-30', '99999', '2', '4.199958'],
  ['SETTLEMENT_FEE', 'EQUITY', '2025-06-30', '5000001', '100', '210.000042'],
  ['SETTLEMENT_FEE', 'ETF_FI', '2025-06-30', '99999', '1.99998', '4.199958'],
  ['TAF', 'US_EQUITY', '2022-01-01', '50001', '5.95', '6.49'],
  ['TAF', 'US_EQUITY', '2023-01-01', '50500', '6.49', '7.27'],
  ['TAF', 'US_EQUITY', '2024-01-01', '50500', '7.27', '8.3'],
  ['TAF', 'US_EQUITY', '2026-01-01', '50500', '8.3', '9.79'],
  ['TAF', 'US_EQUITY', '2026-10-01', '50500', '9.79', '0'],
  ['TAF', 'US_EQUITY', '2027-01-01', '50500', '0', '9.79'],
];

const marketOf = (type: string): string =>
  type.startsWith('US_') ? 'US' : type.startsWith('CN_') ? 'CN' : 'HK';

interface Trade {
  readonly line: string;
  readonly type: string;
  readonly side: 'BUY' | 'SELL';
  readonly day: string;
  readonly quantity: string;
  readonly price: string;
  /** The package of the client; the lines of the market need none. */
  readonly scheduleId?: string;
}

function pays({ line, type, side, day, quantity, price, scheduleId }: Trade): Pays {
  const plan = compileTariff(referenceData.rules, {
    scheduleId: scheduleId ?? 'none',
    ownRulesOptional: true,
    market: marketOf(type),
    instrumentType: type,
    stampDutyExempt: false,
    side,
    tradeDate: parseBusinessDate(day),
    channel: null,
  });
  const { lines } = priceExecutions(plan, { quantities: [quantity], prices: [price] });
  return lines.find(({ feeCode }) => feeCode === line)?.exact ?? null;
}

const around = (day: string): readonly string[] =>
  [-1, 0, 1].map((days) => dayAfter(parseBusinessDate(day), days));

describe('a published rate holds from its day on, by trade date', () => {
  test.each([...HONG_KONG, ...STOCK_CONNECT, ...NEW_YORK])(
    '$line of $type on $day: $before, then $after ($source)',
    ({ line, type, day, before, after }) => {
      const paid = around(day).map((on) =>
        pays({ line, type, side: 'SELL', day: on, quantity: '10000', price: '100' }),
      );
      expect(paid).toEqual([before, after, after]);
    },
  );

  test.each(BOUNDS)(
    'the bounds of %s of %s change on %s too: %s shares at 1 pay %s, then %s',
    (line, type, day, quantity, before, after) => {
      const paid = around(day).map((on) =>
        pays({ line, type, side: 'SELL', day: on, quantity, price: '1' }),
      );
      expect(paid).toEqual([before, after, after]);
    },
  );

  test.each([...NEW_YORK, STOCK_CONNECT[2]!])(
    'a buyer never pays $line of $type around $day',
    ({ line, type, day }) => {
      const paid = around(day).map((on) =>
        pays({ line, type, side: 'BUY', day: on, quantity: '10000', price: '100' }),
      );
      expect(paid).toEqual([null, null, null]);
    },
  );

  test('a trade done below the rate for each share pays no activity fee', () => {
    const trade = { line: 'TAF', type: 'US_EQUITY', side: 'SELL', quantity: '10000' } as const;
    expect(pays({ ...trade, day: '2026-09-30', price: '0.000194' })).toBe('0');
    expect(pays({ ...trade, day: '2026-09-30', price: '0.000195' })).toBe('1.95');
  });

  test('the consolidated audit trail is passed on from 2026-05-01, to buyers and sellers', () => {
    const trade = { line: 'CAT', type: 'US_EQUITY', quantity: '10000', price: '100' } as const;
    for (const side of ['BUY', 'SELL'] as const) {
      const paid = around('2026-05-01').map((day) =>
        pays({ ...trade, side, day, scheduleId: 'us-with-cat' }),
      );
      expect(paid).toEqual([null, '0.03', '0.03']);
    }
  });

  test.each([
    ['CN_MGMT', 'CN_EQUITY', '20'],
    ['CN_TRANSFER_HKSCC', 'CN_EQUITY', '20'],
    ['CN_HANDLING', 'CN_ETF', '40'],
    ['CN_TRANSFER_HKSCC', 'CN_ETF', '20'],
    ['CN_MGMT', 'CN_ETF', '0'],
    ['CN_TRANSFER_CSDC', 'CN_ETF', '0'],
    ['CN_STAMP', 'CN_ETF', '0'],
  ])('%s of %s is %s a million throughout', (line, type, exact) => {
    for (const day of ['2022-04-28', '2022-04-29', '2023-08-27', '2023-08-28', '2026-10-01']) {
      const trade = { line, type, side: 'SELL', day, quantity: '10000', price: '100' } as const;
      expect(pays(trade)).toBe(exact);
    }
  });

  test('no dated change of a rule of a market is missing here', () => {
    const isDated = (day: string | undefined) => day !== undefined && day !== '1900-01-01';
    const typesOf = ({ market, instrumentTypes }: FeeRule): readonly string[] =>
      instrumentTypes ?? (market === 'US' ? ['US_EQUITY', 'US_OPTION'] : ['EQUITY']);
    const changes = referenceData.rules
      .filter(({ scheduleId, accountNo }) => scheduleId === null && accountNo === undefined)
      .flatMap((rule) => {
        const { feeCode, effectiveFrom, effectiveTo } = rule;
        const days = [
          ...(isDated(effectiveFrom) ? [effectiveFrom] : []),
          ...(effectiveTo === undefined ? [] : [dayAfter(effectiveTo, 1)]),
        ];
        const exempt = (rule.exemptTypes ?? []).flatMap(({ type, from }) =>
          from === undefined ? [] : [`${feeCode} ${type} ${from}`],
        );
        return [
          ...days.flatMap((day) => typesOf(rule).map((type) => `${feeCode} ${type} ${day}`)),
          ...exempt,
        ];
      });
    const typed = [...HONG_KONG, ...STOCK_CONNECT, ...NEW_YORK].map(
      ({ line, type, day }) => `${line} ${type} ${day}`,
    );
    expect([...new Set(changes)].sort()).toEqual([...typed].sort());
  });
});
