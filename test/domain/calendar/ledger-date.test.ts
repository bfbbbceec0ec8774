import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays, parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { isOpen } from '../../../domain/calendar/day-calendar.ts';
import {
  earliestSupplementTradeDate,
  lastTradeDateOf,
  ledgerCalendar,
  ledgerDateOf,
  nextLedgerDate,
  previousLedgerDate,
  tradeDateOf,
} from '../../../domain/calendar/ledger-date.ts';
import { HK, US } from '../reference.ts';

const day = parseBusinessDate;
const hongKong = { overnight: false, trading: HK.trading };
const newYork = { overnight: true, trading: US.trading };
const union = ledgerCalendar([hongKong, newYork]);

describe('ledger dates', () => {
  test('a normal market books its trade date on that day', () => {
    expect(ledgerDateOf(hongKong, day('2025-12-22'), union)).toBe('2025-12-22');
  });

  test.each([
    ['Monday books on Tuesday', '2025-12-22', '2025-12-23'],
    ['Friday books on Monday', '2025-12-19', '2025-12-22'],
    [
      'a day before a Hong Kong holiday books on it when New York trades',
      '2025-12-25',
      '2025-12-26',
    ],
    ['Christmas Eve books on Boxing Day: on Christmas nobody trades', '2025-12-24', '2025-12-26'],
  ])('an overnight market: %s', (_why, from, to) => {
    expect(ledgerDateOf(newYork, day(from), union)).toBe(to);
  });

  test('a settlement date that is no ledger date moves to the next one', () => {
    expect(ledgerDateOf(hongKong, day('2025-12-25'), union)).toBe('2025-12-26');
    expect(ledgerDateOf(hongKong, day('2025-12-27'), union)).toBe('2025-12-29');
  });

  test.each([
    ['both trade', '2025-12-23', '2025-12-23', '2025-12-22'],
    ['Hong Kong is closed', '2025-12-26', undefined, '2025-12-24'],
    ['New York was closed the day before', '2025-11-28', '2025-11-28', undefined],
    [
      'New York was closed on Monday, so Tuesday finds nothing',
      '2026-01-20',
      '2026-01-20',
      undefined,
    ],
  ])('the trade dates of a ledger date: %s', (_why, ledgerDate, hk, us) => {
    expect(tradeDateOf(hongKong, day(ledgerDate), union)).toBe(hk);
    expect(tradeDateOf(newYork, day(ledgerDate), union)).toBe(us);
  });

  test('ledger dates follow each other without the days on which nobody trades', () => {
    expect(nextLedgerDate(union, day('2025-12-24'))).toBe('2025-12-26');
    expect(previousLedgerDate(union, day('2025-12-29'))).toBe('2025-12-26');
  });

  test('every trading day is cleared by exactly the ledger date that books it', () => {
    const offset = fc.integer({ min: 10, max: 1440 });
    fc.assert(
      fc.property(offset, fc.constantFrom(hongKong, newYork), (at, market) => {
        const tradeDate = addDays(day('2024-01-01'), at);
        fc.pre(isOpen(market.trading, tradeDate));
        const ledgerDate = ledgerDateOf(market, tradeDate, union);
        expect(isOpen(union, ledgerDate)).toBe(true);
        expect(tradeDateOf(market, ledgerDate, union)).toBe(tradeDate);
        expect(lastTradeDateOf(market, ledgerDate, union)).toBe(tradeDate);
        expect(ledgerDate > tradeDate).toBe(market.overnight);
      }),
    );
  });
});

describe('the oldest trade date of a supplement', () => {
  test('lies five trading days before the trade date of the ledger date', () => {
    expect(earliestSupplementTradeDate(hongKong, day('2025-12-23'), union)).toBe('2025-12-16');
  });

  test('counts from the last trade date when the market is closed', () => {
    expect(lastTradeDateOf(hongKong, day('2025-12-26'), union)).toBe('2025-12-24');
    expect(earliestSupplementTradeDate(hongKong, day('2025-12-26'), union)).toBe('2025-12-17');
    expect(earliestSupplementTradeDate(newYork, day('2025-11-28'), union)).toBe('2025-11-19');
  });

  test('is a trading day with five of them behind it, whatever the date', () => {
    const offset = fc.integer({ min: 30, max: 1440 });
    fc.assert(
      fc.property(offset, fc.constantFrom(hongKong, newYork), (at, market) => {
        const ledgerDate = nextLedgerDate(union, addDays(day('2024-01-01'), at));
        const earliest = earliestSupplementTradeDate(market, ledgerDate, union);
        const last = lastTradeDateOf(market, ledgerDate, union);
        let sessions = 0;
        for (let date = earliest; date < last; date = addDays(date, 1)) {
          if (isOpen(market.trading, date)) sessions += 1;
        }
        expect([isOpen(market.trading, earliest), sessions]).toEqual([true, 5]);
      }),
    );
  });
});
