import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FlowState } from '../../../domain/clearing/flow-state.ts';
import type { FlowMode, StepStatus } from '../../../domain/clearing/steps.ts';
import { editOn, stampDutyRefusal, type StampDutyEdit } from '../../../domain/fees/stamp-duty.ts';
import { billed, idle } from '../clearing/guard-cases.ts';

const day = parseBusinessDate;
const edit = (editNo: number, from: string, to: string): StampDutyEdit => ({
  ...{ editNo, instrumentId: 'ST/HK/700', exempt: true },
  ...{ effectiveFrom: day(from), expiresOn: day(to) },
});

describe('editOn', () => {
  const edits = [
    edit(3, '2025-12-22', '2025-12-23'),
    edit(7, '2025-12-23', '2025-12-24'),
    edit(5, '2025-12-23', '2025-12-23'),
  ];
  it.each([
    ['the day before the first', '2025-12-21', undefined],
    ['its first day', '2025-12-22', 3],
    ['a day of three: the newest', '2025-12-23', 7],
    ['its last day', '2025-12-24', 7],
    ['the day after the last', '2025-12-25', undefined],
  ])('on %s', (_what, on, editNo) => {
    for (const list of [edits, edits.toReversed()]) {
      expect(editOn(list, day(on))?.editNo).toBe(editNo);
    }
  });
});

describe('stampDutyRefusal', () => {
  const NOTHING = { isAhead: false, isBooked: false };
  const flow = (mode: FlowMode, billing?: StepStatus): FlowState => ({
    ...idle,
    mode,
    steps: billing === undefined ? {} : { billing },
  });

  it('lets an exemption be edited while the flow rests before its billing', () => {
    expect(stampDutyRefusal(flow('IDLE'), NOTHING)).toBeUndefined();
    expect(stampDutyRefusal(flow('PAUSED', 'FAILED'), NOTHING)).toBeUndefined();
  });

  it('refuses it once billing has ended, with how far it is', () => {
    expect(stampDutyRefusal({ ...idle, ...billed }, NOTHING)).toEqual({
      code: 'INSTRUMENT_ALREADY_BILLED',
      details: { flow: 'HK', billing: 'SUCCEEDED' },
    });
  });

  it('refuses it for a contract that outlived a revoke, though nothing is billed again', () => {
    expect(stampDutyRefusal(flow('IDLE'), { isAhead: false, isBooked: true })).toEqual({
      code: 'INSTRUMENT_ALREADY_BILLED',
      details: { flow: 'HK', billing: 'NOT_STARTED' },
    });
  });

  it('refuses it while something of the flow runs, and says what to do', () => {
    expect(stampDutyRefusal(flow('AUTO_RUNNING', 'RUNNING'), NOTHING)).toEqual({
      code: 'STEP_IN_PROGRESS',
      details: { flow: 'HK', mode: 'AUTO_RUNNING', hint: 'pause first' },
    });
  });

  it('lets it be edited for the days to come, whatever the flow does', () => {
    for (const isBooked of [false, true]) {
      const ahead = { isAhead: true, isBooked };
      expect(stampDutyRefusal(flow('AUTO_RUNNING', 'SUCCEEDED'), ahead)).toBeUndefined();
    }
  });
});
