import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  isBusy,
  modeAfterStep,
  nextStep,
  type FlowState,
} from '../../../domain/clearing/flow-state.ts';
import { confirmTokenOf, dayCutRefusal } from '../../../domain/clearing/day-cut-guard.ts';
import { allowedCommands, refusalOf } from '../../../domain/clearing/guards.ts';
import { FLOW_MODES, type StepId } from '../../../domain/clearing/steps.ts';
import {
  billed,
  CASES,
  completed,
  dayEndDone,
  idle,
  MON_2025_12_22,
  openDay,
} from './guard-cases.ts';
import { REVOKE_CASES } from './revoke-cases.ts';

describe('refusalOf', () => {
  it.each([...CASES, ...REVOKE_CASES])('%s', (_name, command, flow, day, code) => {
    const refusal = refusalOf(command, { ...idle, ...flow }, { ...openDay, ...day });
    expect(refusal?.code).toBe(code);
  });

  it('leaves a revoke of a later generation to the activity that sees the books', () => {
    const flow = { ...idle, steps: { billing: 'INVALIDATED' } } as const;
    const undo = { kind: 'revoke', assetRollback: 'UNDO' } as const;
    expect(refusalOf(undo, flow, undefined)?.code).toBe('NOTHING_TO_REVOKE');
    expect(refusalOf(undo, { ...flow, generation: 2 }, undefined)).toBeUndefined();
  });

  it('never lets two things run at once, whatever the mode', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FLOW_MODES), fc.integer({ min: 0, max: 5 }), (mode, done) => {
        const all: StepId[] = ['sync', 'preCheck', 'billing', 'posting', 'settlement'];
        const steps = Object.fromEntries(all.slice(0, done).map((step) => [step, 'SUCCEEDED']));
        const flow = { ...idle, mode, steps } as FlowState;
        const allowed = allowedCommands(flow, openDay);
        const starting = allowed.filter((command) => command !== 'pause');
        expect(isBusy(mode) && starting.length > 0).toBe(false);
      }),
    );
  });
});

describe('modeAfterStep', () => {
  it.each([
    {
      name: 'a failure wins over a pause',
      mode: 'PAUSE_REQUESTED',
      succeeded: false,
      flowIsThrough: false,
      next: 'PAUSED_ON_ERROR',
    },
    {
      name: 'completion wins over a pause',
      mode: 'PAUSE_REQUESTED',
      succeeded: true,
      flowIsThrough: true,
      next: 'COMPLETED',
    },
    {
      name: 'a pause stops the chain',
      mode: 'PAUSE_REQUESTED',
      succeeded: true,
      flowIsThrough: false,
      next: 'PAUSED',
    },
    {
      name: 'the chain goes on',
      mode: 'AUTO_RUNNING',
      succeeded: true,
      flowIsThrough: false,
      next: 'AUTO_RUNNING',
    },
    {
      name: 'a single step goes back to a pause',
      mode: 'STEP_RUNNING',
      succeeded: true,
      flowIsThrough: false,
      next: 'PAUSED',
    },
  ] as const)('$name', ({ mode, succeeded, flowIsThrough, next }) => {
    expect(modeAfterStep(mode, { succeeded, flowIsThrough })).toBe(next);
  });
});

describe('nextStep', () => {
  it('goes on at the first step that is not done', () => {
    expect(nextStep({ ...idle, steps: { sync: 'SUCCEEDED_EMPTY', preCheck: 'INVALIDATED' } })).toBe(
      'preCheck',
    );
  });
});

describe('dayCutRefusal', () => {
  const flows = [
    { ...idle, ...completed },
    { ...idle, ...dayEndDone },
  ];
  const confirmToken = confirmTokenOf(MON_2025_12_22, flows);
  const day = { isOpenDate: true, ledgerDate: MON_2025_12_22, flows, confirmToken };

  it('lets a finished day with its own token be cut', () => {
    expect(dayCutRefusal({ ...day, confirmTokenSeen: confirmToken })).toBeUndefined();
  });

  it('refuses a token of another state', () => {
    const moved = flows.map((flow) => ({ ...flow, revision: flow.revision + 1 }));
    const seen = confirmTokenOf(MON_2025_12_22, moved);
    expect(dayCutRefusal({ ...day, confirmTokenSeen: seen })?.code).toBe('CONFIRM_TOKEN_MISMATCH');
  });

  it('names the flows that are not finished', () => {
    const open = [{ ...idle, ...billed }, ...flows];
    const refusal = dayCutRefusal({ ...day, flows: open, confirmTokenSeen: confirmToken });
    expect(refusal?.code).toBe('PREVIOUS_FLOW_NOT_DONE');
    expect(JSON.stringify(refusal?.details)).toContain('"next":"posting"');
  });

  it('refuses a date that is cut', () => {
    const refusal = dayCutRefusal({ ...day, isOpenDate: false, confirmTokenSeen: confirmToken });
    expect(refusal?.code).toBe('LEDGER_DATE_NOT_CURRENT');
  });
});
