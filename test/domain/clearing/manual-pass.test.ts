import { describe, expect, it } from 'vitest';
import { readinessPassRefusal } from '../../../domain/clearing/manual-pass.ts';
import { readinessVerdict } from '../../../domain/readiness/readiness.ts';

const failed = {
  isOpenDate: true,
  passed: false,
  passedByHand: false,
  severity: 1,
  evidenceHash: 'h',
};

describe('passing a readiness item by hand', () => {
  it.each([
    ['a failed item of severity 1', {}, undefined],
    ['severity 0, which blocks nothing', { severity: 0 }, 'MANUAL_PASS_NOT_NEEDED'],
    ['severity 2, which has to become true', { severity: 2 }, 'MANUAL_PASS_REFUSED'],
    ['an item that passed', { passed: true }, 'MANUAL_PASS_NOT_NEEDED'],
    ['what was passed by hand already', { passedByHand: true }, 'MANUAL_PASS_NOT_NEEDED'],
    ['evidence without a digest', { evidenceHash: '' }, 'MANUAL_PASS_REFUSED'],
    ['a date that was cut', { isOpenDate: false }, 'LEDGER_DATE_NOT_CURRENT'],
  ])('%s', (_name, changes, code) => {
    expect(readinessPassRefusal({ ...failed, ...changes })?.code).toBe(code);
  });

  it.each([
    [0, false, 'PASSED'],
    [1, false, 'BLOCKED'],
    [1, true, 'PASSED'],
    [2, false, 'BLOCKED'],
    [2, true, 'BLOCKED'],
  ])('severity %i, passed by hand %s: readiness is %s', (severity, byHand, verdict) => {
    expect(readinessVerdict([{ severity, passed: false }], () => byHand)).toBe(verdict);
  });
});
