import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays, isWeekend, parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import {
  addOpenDays,
  isOpen,
  nextOpen,
  openOnOrAfter,
  previousOpen,
  unionCalendar,
  type DayCalendar,
} from '../../../domain/calendar/day-calendar.ts';
import {
  settlementCycleOf,
  settlementDate,
  settlementDatesOf,
} from '../../../domain/calendar/settlement-date.ts';
import { HK, referenceData, US } from '../reference.ts';

const day = parseBusinessDate;
const FRI_2025_12_19 = day('2025-12-19');
const WED_2025_12_24 = day('2025-12-24');
const THU_2025_12_25 = day('2025-12-25');
const MON_2025_12_29 = day('2025-12-29');

/** Known for one range. */
const dayCalendar = (id: string, from: string, to: string, closed: string[]): DayCalendar => ({
  id,
  coverage: [{ from: day(from), to: day(to) }],
  closed: new Set(closed.map(day)),
});

describe('a day calendar', () => {
  test('is closed on Saturdays, Sundays and its holidays', () => {
    expect(isOpen(HK.trading, WED_2025_12_24)).toBe(true);
    expect(isOpen(HK.trading, THU_2025_12_25)).toBe(false);
    expect(isOpen(HK.trading, day('2025-12-27'))).toBe(false);
  });

  test('refuses days outside of its coverage, also in the gap between two ranges', () => {
    for (const text of ['2013-12-31', '2015-01-02', '2023-12-29', '2028-01-03']) {
      expect(() => isOpen(HK.trading, day(text))).toThrow(/CALENDAR_MISSING/);
    }
    expect(() => nextOpen(HK.trading, day('2027-12-31'))).toThrow(/CALENDAR_MISSING/);
    expect(() => previousOpen(HK.trading, day('2024-01-02'))).toThrow(/CALENDAR_MISSING/);
  });

  test('moves from open day to open day', () => {
    expect(nextOpen(HK.trading, WED_2025_12_24)).toBe(MON_2025_12_29);
    expect(previousOpen(HK.trading, MON_2025_12_29)).toBe(WED_2025_12_24);
    expect(addOpenDays(HK.trading, FRI_2025_12_19, 4)).toBe(MON_2025_12_29);
    expect(addOpenDays(HK.trading, MON_2025_12_29, -4)).toBe(FRI_2025_12_19);
    expect(addOpenDays(HK.trading, THU_2025_12_25, 0)).toBe(THU_2025_12_25);
    expect(openOnOrAfter(HK.trading, THU_2025_12_25)).toBe(MON_2025_12_29);
  });

  test('a union is open when one member is, and known where all are', () => {
    const a = dayCalendar('a', '2025-01-01', '2025-06-30', ['2025-03-03', '2025-03-04']);
    const b = dayCalendar('b', '2025-03-01', '2025-12-31', ['2025-03-04']);
    const union = unionCalendar('both', [a, b]);
    expect(isOpen(union, day('2025-03-03'))).toBe(true);
    expect(isOpen(union, day('2025-03-04'))).toBe(false);
    expect(() => isOpen(union, day('2025-02-28'))).toThrow(/CALENDAR_MISSING/);
    expect(() => isOpen(union, day('2025-07-01'))).toThrow(/CALENDAR_MISSING/);
  });
});

describe('the seeded calendars', () => {
  test.each([
    ['HK half day: trades, does not settle', HK, '2025-12-24', true, false],
    ['US bank holiday: trades, does not settle', US, '2025-10-13', true, false],
    ['US day of mourning: settles, does not trade', US, '2025-01-09', false, true],
    ['HK typhoon: neither', HK, '2024-09-06', false, false],
    ['US early close: both', US, '2025-11-28', true, true],
  ])('%s', (_why, calendars, text, trades, settles) => {
    expect(isOpen(calendars.trading, day(text))).toBe(trades);
    expect(isOpen(calendars.settlement, day(text))).toBe(settles);
    expect(isOpen(calendars.bank, day(text))).toBe(settles);
  });

  test('hold no closure on a weekend', () => {
    for (const calendars of referenceData.calendars.values()) {
      for (const calendar of [calendars.trading, calendars.settlement, calendars.bank]) {
        expect([...calendar.closed].filter(isWeekend)).toEqual([]);
      }
    }
  });
});

describe('settlement', () => {
  const { settlementCycles } = referenceData;

  test.each([
    ['US', 'US_EQUITY', '2024-05-27', 2],
    ['US', 'US_EQUITY', '2024-05-28', 1],
    ['US', 'US_OPTION', '2024-05-24', 1],
    ['HK', 'EQUITY', '2025-12-22', 2],
  ])('%s %s on %s has T+%i', (market, instrumentType, text, days) => {
    const cycle = settlementCycleOf(settlementCycles, {
      market,
      instrumentType,
      tradeDate: day(text),
    });
    expect([cycle.securitiesDays, cycle.cashDays]).toEqual([days, days]);
  });

  test('an unknown market has no cycle', () => {
    const wanted = { market: 'SG', instrumentType: null, tradeDate: WED_2025_12_24 };
    expect(() => settlementCycleOf(settlementCycles, wanted)).toThrow(/MARKET_RULE_MISSING/);
  });

  test('securities and cash may have different days', () => {
    const cycles = [
      {
        market: 'HK',
        instrumentType: null,
        effectiveFrom: '1900-01-01',
        securitiesDays: 0,
        cashDays: 1,
      },
    ];
    const trade = { instrumentType: 'EQUITY', tradeDate: day('2025-12-22') };
    expect(settlementDatesOf(HK, cycles, trade)).toEqual({
      securities: '2025-12-22',
      cash: '2025-12-23',
    });
  });

  test('a bank holiday moves the date on, and does not count as a settlement day less', () => {
    const bank = dayCalendar('bank', '2025-01-01', '2026-12-31', ['2025-12-23']);
    const question = { days: 2, settlement: HK.settlement, bank };
    expect(settlementDate({ ...question, tradeDate: FRI_2025_12_19 })).toBe('2025-12-29');
  });

  test('T+0 on a day that does not settle moves on', () => {
    const question = { tradeDate: WED_2025_12_24, days: 0, ...HK };
    expect(settlementDate(question)).toBe(MON_2025_12_29);
  });

  test('a trade date outside of the calendar is refused, also for T+0', () => {
    const question = { tradeDate: day('2023-12-29'), days: 0, ...HK };
    expect(() => settlementDate(question)).toThrow(/CALENDAR_MISSING/);
  });

  test('the date is a settlement day, not before the trade date, and later dates never go back', () => {
    const offset = fc.integer({ min: 0, max: 1400 });
    fc.assert(
      fc.property(
        offset,
        fc.integer({ min: 0, max: 3 }),
        fc.constantFrom(HK, US),
        (at, days, m) => {
          const tradeDate = addDays(day('2024-01-01'), at);
          const settles = settlementDate({ tradeDate, days, ...m });
          expect(isOpen(m.settlement, settles) && isOpen(m.bank, settles)).toBe(true);
          expect(settles >= tradeDate).toBe(true);
          const next = settlementDate({ tradeDate: addDays(tradeDate, 1), days, ...m });
          expect(next >= settles).toBe(true);
          expect(settlementDate({ tradeDate, days: days + 1, ...m }) >= settles).toBe(true);
        },
      ),
    );
  });
});
