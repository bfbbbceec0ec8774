import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { askedCutoff, cutoffInstant, earlyCutoffRefusal } from '../../../domain/calendar/cutoff.ts';

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
