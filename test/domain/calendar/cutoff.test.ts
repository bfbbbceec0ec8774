import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import {
  askedCutoff,
  cutoffInstant,
  earlyCutoffRefusal,
  lastClose,
} from '../../../domain/calendar/cutoff.ts';
import { ledgerCalendar } from '../../../domain/calendar/ledger-date.ts';
import { HK, US } from '../reference.ts';

const day = parseBusinessDate;
const hongKong = {
  overnight: false,
  trading: HK.trading,
  timeZone: 'Asia/Hong_Kong',
  closesAt: '16:00',
};
const newYork = {
  overnight: true,
  trading: US.trading,
  timeZone: 'America/New_York',
  closesAt: '16:00',
};
const union = ledgerCalendar([hongKong, newYork]);

describe('the cutoff', () => {
  it('is a time of the ledger date in Hong Kong', () => {
    expect(cutoffInstant(day('2025-12-22'), '17:00').toISOString()).toBe(
      '2025-12-22T09:00:00.000Z',
    );
  });

  it.each(['5 pm', '25:00', '17:0'])('of %j is no time', (time) => {
    expect(() => cutoffInstant(day('2025-12-22'), time)).toThrow('BAD_REQUEST');
  });
});

describe('the close of an overnight session', () => {
  it.each([
    ['in winter', '2025-12-23', '2025-12-22T21:00:00.000Z'],
    ['in summer', '2025-07-02', '2025-07-01T20:00:00.000Z'],
    ['of Friday for Monday', '2025-12-22', '2025-12-19T21:00:00.000Z'],
    ['on the Friday before the clocks go forward', '2025-03-10', '2025-03-07T21:00:00.000Z'],
    ['on the Monday after', '2025-03-11', '2025-03-10T20:00:00.000Z'],
    ['of a short session, as of an ordinary one', '2025-12-26', '2025-12-24T21:00:00.000Z'],
  ])('%s', (_when, ledgerDate, close) => {
    expect(lastClose([newYork], day(ledgerDate), union)?.toISOString()).toBe(close);
  });

  it('is none where no session was held', () => {
    expect(lastClose([newYork], day('2025-11-28'), union)).toBeUndefined();
  });

  it('is that of the market that closes last', () => {
    const early = { ...newYork, closesAt: '09:30' };
    const close = lastClose([newYork, early], day('2025-12-23'), union);
    expect(close).toEqual(lastClose([newYork], day('2025-12-23'), union));
  });

  it('is not known without a calendar', () => {
    expect(() => lastClose([newYork], day('2031-01-07'), union)).toThrow('CALENDAR_MISSING');
  });
});

const at = (time: string): Date => cutoffInstant(parseBusinessDate('2025-12-22'), time);

describe('an early cutoff', () => {
  it('is now unless the maker says when, and no further back than a click takes', () => {
    expect(askedCutoff(undefined, at('16:40'))).toEqual(at('16:40'));
    expect(askedCutoff(at('16:30').toISOString(), at('16:40'))).toEqual(at('16:30'));
    expect(() => askedCutoff(at('16:24').toISOString(), at('16:40'))).toThrow(/OUT_OF_RANGE/);
  });

  const facts = { isOpenDate: true, cutoffAt: at('17:00'), now: at('16:40'), begunFlows: [] };
  it.each([
    ['moves forward before the cutoff', {}, '16:40', undefined],
    ['may lie ahead', {}, '16:59', undefined],
    ['cannot be later than the cutoff', {}, '17:01', 'OUT_OF_RANGE'],
    ['cannot be the cutoff', {}, '17:00', 'OUT_OF_RANGE'],
    ['is too late at the cutoff', { now: at('17:00') }, '16:40', 'CUTOFF_REACHED'],
    ['is too late once a step read by it', { begunFlows: ['HK'] }, '16:40', 'CUTOFF_REACHED'],
    ['is for the open date only', { isOpenDate: false }, '16:40', 'LEDGER_DATE_NOT_CURRENT'],
  ])('%s', (_name, changes, asked, code) => {
    expect(earlyCutoffRefusal(at(asked), { ...facts, ...changes })?.code).toBe(code);
  });
});
