import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEventView, readAuditRoots } from '../../db/queries/audit-log.ts';
import type { Outcome } from './support/api.ts';
import { DayDesk, FlowDesk, statusesOf, stepOf } from './support/desk.ts';
import { placeOrder } from './support/front-office.ts';
import { whileFrozen } from './support/in-flight.ts';
import {
  AFTER_EVERY_CUTOFF,
  MON_2025_12_22,
  startTiny,
  TUE_2025_12_23,
  type Stage,
} from './support/tiny-system.ts';
import type { ReadinessView } from './support/views.ts';

const TENCENT = 'ST/HK/700';
const ALL_NOT_STARTED = {
  sync: 'NOT_STARTED',
  preCheck: 'NOT_STARTED',
  billing: 'NOT_STARTED',
  posting: 'NOT_STARTED',
  settlement: 'NOT_STARTED',
};

type AuditRoots = Awaited<ReturnType<typeof readAuditRoots>>;

let stage: Stage;
beforeAll(async () => {
  stage = await startTiny();
});
afterAll(() => stage.stop());

const deskOf = (ledgerDate: string, flow: string): FlowDesk =>
  new FlowDesk(stage.operator, ledgerDate, flow);

/** The date has no more to show: the day end and the cut, so that the next one opens. */
async function finish(ledgerDate: string): Promise<void> {
  const day = new DayDesk(stage.operator, ledgerDate);
  await day.flow('day-end').clear();
  expect(await day.cut()).toMatchObject({ status: 'APPLIED' });
  expect(await day.view()).toMatchObject({ status: 'CUT' });
}

// The scenarios share a system and follow each other through its ledger dates.
describe('Monday the 22nd, from readiness to day cut', () => {
  const us = () => deskOf(MON_2025_12_22, 'US');
  const hk = () => deskOf(MON_2025_12_22, 'HK');
  const dayEnd = () => deskOf(MON_2025_12_22, 'day-end');

  it('a start without readiness is refused with what is missing', async () => {
    const outcome = await us().start();
    expect(outcome).toMatchObject({ httpStatus: 422, code: 'READINESS_NOT_PASSED' });
    expect(outcome.details).toMatchObject({ readiness: 'NOT_RUN', state: { mode: 'IDLE' } });
    expect(await us().statuses()).toEqual(ALL_NOT_STARTED);
  });

  it('L11 Hong Kong waits for the United States', async () => {
    for (const refused of [await hk().readiness(), await hk().start()]) {
      expect(refused).toMatchObject({ status: 'REFUSED', code: 'PREVIOUS_FLOW_NOT_DONE' });
      expect(refused.details).toMatchObject({ flows: ['US'] });
    }
    expect(await dayEnd().readiness()).toMatchObject({ details: { flows: ['US', 'HK'] } });
  });

  it('L20 no trades: the trade file item does not fail, and the market runs empty', async () => {
    await us().makeReady();
    const { items } = await stage.operator.get<ReadinessView>(`${us().path}/readiness`);
    expect(items.map(({ item, passed }) => [item, passed])).toEqual([
      ['ready_calendar', true],
      ['ready_market_rule', true],
      ['ready_trade_file', true],
    ]);
    const view = await us().run();
    expect(view.mode).toBe('COMPLETED');
    expect(new Set(Object.values(statusesOf(view)))).toEqual(new Set(['SUCCEEDED_EMPTY']));
  });

  it('L1 one click runs every step in order, and nothing of the day end', async () => {
    await placeOrder(stage.operator, {
      accountNo: '20000001',
      instrumentId: TENCENT,
      tradeDate: MON_2025_12_22,
    });
    await hk().makeReady();
    const view = await hk().run();
    expect(view.mode).toBe('COMPLETED');
    expect(statusesOf(view)).toEqual({
      sync: 'SUCCEEDED',
      preCheck: 'SUCCEEDED_EMPTY',
      billing: 'SUCCEEDED',
      posting: 'SUCCEEDED',
      settlement: 'SUCCEEDED_EMPTY',
    });
    const times = view.steps.flatMap((step) => [step.startedAt ?? '', step.finishedAt ?? '']);
    expect(times).toEqual(times.toSorted());
    expect(await dayEnd().view()).toMatchObject({ mode: 'IDLE', readiness: 'NOT_RUN' });
    expect(await dayEnd().statuses()).toEqual({ dataSummary: 'NOT_STARTED' });
  });

  it('L13 the day end stops after its last step and leaves the day cut to a person', async () => {
    await dayEnd().makeReady();
    const before = await stage.day.cut();
    expect(before).toMatchObject({ status: 'REFUSED', code: 'PREVIOUS_FLOW_NOT_DONE' });
    const view = await dayEnd().run();
    expect(view.mode).toBe('COMPLETED');
    expect(view.allowedCommands).toContain('dayCut');
    expect(await stage.day.current()).toBe(MON_2025_12_22);
    expect(await stage.day.dayCut()).toMatchObject({ allowed: true, blockers: [] });
  });

  it('a day cut with the token of another state is refused', async () => {
    const { confirmToken } = await stage.day.dayCut();
    const outcome = await stage.day.cut(`${confirmToken}0`);
    expect(outcome).toMatchObject({ httpStatus: 409, code: 'CONFIRM_TOKEN_MISMATCH' });
    expect(await stage.day.current()).toBe(MON_2025_12_22);
  });

  it('L68 two day cuts at once roll the date once', async () => {
    const { confirmToken } = await stage.day.dayCut();
    const key = randomUUID();
    const [first, second, other] = await Promise.all([
      stage.day.cut(confirmToken, key),
      stage.day.cut(confirmToken, key),
      stage.day.cut(confirmToken),
    ]);
    expect([first.commandId, second.commandId]).toEqual([key, key]);
    // One of the two commands rolled the date; the double click has one outcome.
    expect(second.status).toBe(first.status);
    expect([first.status, other.status].toSorted()).toEqual(['APPLIED', 'REFUSED']);
    const late = await stage.day.cut(confirmToken);
    expect(late).toMatchObject({ httpStatus: 409, code: 'LEDGER_DATE_NOT_CURRENT' });
    expect(await stage.day.current()).toBe(TUE_2025_12_23);
    expect(await hk().start()).toMatchObject({ code: 'LEDGER_DATE_NOT_CURRENT' });
    expect((await hk().waitForMode('CLOSED')).allowedCommands).toEqual([]);
  });
});

describe('Tuesday the 23rd, a step in flight', () => {
  const us = () => deskOf(TUE_2025_12_23, 'US');
  const hk = () => deskOf(TUE_2025_12_23, 'HK');

  it('L6 a double click is one run with one answer', async () => {
    await us().makeReady();
    const key = randomUUID();
    const answers = await Promise.all([us().start({}, key), us().start({}, key)]);
    expect(answers).toMatchObject([{ status: 'APPLIED' }, { status: 'APPLIED' }]);
    const view = await us().settled();
    expect(view.mode).toBe('COMPLETED');
    expect(view.steps.map(({ pass }) => pass)).toEqual([1, 1, 1, 1, 1]);
    const commands = await stage.operator.list<{ commandId: string }>('/commands');
    expect(commands.filter(({ commandId }) => commandId === key)).toHaveLength(1);
  });

  /** What was answered while sync hung in the frozen worker. */
  let secondStart: Outcome;
  let otherCommands: readonly Outcome[];

  it('L2 a pause answers at once and lets the step in flight finish', async () => {
    await placeOrder(stage.operator, {
      accountNo: '20000001',
      instrumentId: TENCENT,
      tradeDate: TUE_2025_12_23,
    });
    await hk().makeReady();
    await whileFrozen(stage.system, 'batch', async () => {
      await stage.operator.must(`${hk().path}/start`);
      await hk().until('a running sync', (view) => stepOf(view, 'sync').status === 'RUNNING');
      secondStart = await hk()
        .as(await stage.as('operator2'))
        .start();
      otherCommands = [
        await hk().revoke({ assetRollback: 'UNDO', supplements: 'NO_OP' }),
        await hk().runStep('preCheck'),
        await hk().readiness(),
      ];
      expect(await hk().pause()).toMatchObject({ status: 'APPLIED' });
      const draining = await hk().view();
      expect(draining.mode).toBe('PAUSE_REQUESTED');
      expect(stepOf(draining, 'sync')).toMatchObject({ status: 'RUNNING', shardsDone: 0 });
      expect(stepOf(draining, 'sync').shardsTotal).toBeGreaterThan(0);
      // Asking twice changes nothing.
      expect(await hk().pause()).toMatchObject({ status: 'APPLIED' });
    });
    const view = await hk().waitForMode('PAUSED');
    expect(statusesOf(view)).toEqual({ ...ALL_NOT_STARTED, sync: 'SUCCEEDED' });
    expect(stepOf(view, 'sync')).toMatchObject({ shardsDone: 1, shardsTotal: 1 });
  });

  it('L7 the start of another operator is refused with who runs it and since when', () => {
    expect(secondStart).toMatchObject({ httpStatus: 409, code: 'ALREADY_RUNNING' });
    expect(secondStart.details).toMatchObject({
      startedBy: 'operator',
      startedAt: AFTER_EVERY_CUTOFF.replace('Z', '.000Z'),
      state: { mode: 'AUTO_RUNNING' },
    });
  });

  it('L51 a revoke, a single step and readiness are refused while a step runs', () => {
    expect(otherCommands).toHaveLength(3);
    for (const refused of otherCommands) {
      expect(refused).toMatchObject({ httpStatus: 409, code: 'STEP_IN_PROGRESS' });
      expect(refused.details).toMatchObject({ mode: 'AUTO_RUNNING', step: 'sync' });
    }
  });

  it('a paused flow goes on step by step, and not out of order', async () => {
    expect(await hk().runStep('billing')).toMatchObject({
      code: 'PREDECESSOR_NOT_DONE',
      details: { step: 'billing', predecessor: 'preCheck' },
    });
    await hk().mustRunStep('preCheck');
    expect((await hk().view()).mode).toBe('PAUSED');
    await hk().mustRunStep('billing');
    expect(await hk().runStep('preCheck')).toMatchObject({ code: 'STEP_NOT_REPEATABLE' });
    expect(await hk().runStep('sync')).toMatchObject({
      code: 'RESYNC_AFTER_BILLING_REQUIRES_REVOKE',
    });
    // Bills may be made again until something is posted.
    expect(await hk().mustRunStep('billing')).toMatchObject({ pass: 2 });
    await hk().mustRunStep('posting');
    expect(await hk().runStep('posting')).toMatchObject({ code: 'STEP_NOT_REPEATABLE' });
    expect(await hk().runStep('billing')).toMatchObject({ code: 'STEP_NOT_REPEATABLE' });
    expect(await hk().runStep('no-such-step')).toMatchObject({ httpStatus: 404 });
  });

  it('a start goes on from the first unfinished step', async () => {
    const view = await hk().run();
    expect(view.mode).toBe('COMPLETED');
    expect(view.steps.map(({ step, pass }) => [step, pass])).toEqual([
      ['sync', 1],
      ['preCheck', 1],
      ['billing', 2],
      ['posting', 1],
      ['settlement', 1],
    ]);
    expect(await hk().start()).toMatchObject({ code: 'NOTHING_TO_RUN' });
    expect(await hk().pause()).toMatchObject({ code: 'NOTHING_TO_PAUSE' });
    await finish(TUE_2025_12_23);
  });
});

describe('the audit log of these dates', () => {
  it('has each command: who asked, by which account and permission, and how it ended', async () => {
    const auditor = await stage.as('auditor');
    const path = `/audit/events?ledgerDate=${MON_2025_12_22}&action=command.`;
    const events = await auditor.list<AuditEventView>(path);
    expect(events.find(({ code }) => code === 'READINESS_NOT_PASSED')).toMatchObject({
      action: 'command.refused',
      outcome: 'REFUSED',
      person: 'operator',
      account: 'operator',
      permission: 'lb_hk_clearing.clearing_busin_step_exec',
      targetId: `${MON_2025_12_22}/US`,
      after: { kind: 'start', payload: {} },
    });
    const recorded = events.filter(({ action }) => action === 'command.recorded');
    const ended = events.filter(({ before }) => before !== null);
    expect(recorded.length).toBeGreaterThan(5);
    expect(ended.map(({ commandId }) => commandId).sort()).toEqual(
      recorded.map(({ commandId }) => commandId).sort(),
    );
  });

  it('exports a root for each date that was cut, each continuing the one before', async () => {
    const auditor = await stage.as('auditor');
    const { roots, head } = await auditor.get<AuditRoots>('/audit/roots');
    const dates = await auditor.list<{ ledgerDate: string; status: string }>('/ledger-dates');
    const cut = dates.filter(({ status }) => status === 'CUT').map((each) => each.ledgerDate);
    expect(roots.map(({ ledgerDate }) => ledgerDate)).toEqual(cut.sort());
    const before = ['0'.repeat(64), ...roots.map(({ root }) => root)];
    expect(roots.map(({ previousRoot }) => previousRoot)).toEqual(before.slice(0, -1));
    expect(head.seq).toBeGreaterThan(roots.at(-1)?.auditSeq ?? 0);
  });
});
