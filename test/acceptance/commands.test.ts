import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poll } from '../../scripts/embedded/processes.ts';
import { FlowDesk, statusesOf, stepOf } from './support/desk.ts';
import { placeOrder } from './support/front-office.ts';
import { whileFrozen } from './support/in-flight.ts';
import { MON_2025_12_22, startTiny, type Stage } from './support/tiny-system.ts';
import type { CommandView, Problem, ReadinessView } from './support/views.ts';

/** Long enough for the API to start on a busy machine, short enough to wait for. */
const COMMAND_TTL_MS = 45_000;

let stage: Stage;
beforeAll(async () => {
  stage = await startTiny({ env: { DAYCUT_COMMAND_TTL_MS: String(COMMAND_TTL_MS) } });
});
afterAll(() => stage.stop());

const us = () => new FlowDesk(stage.operator, MON_2025_12_22, 'US');
const hk = () => new FlowDesk(stage.operator, MON_2025_12_22, 'HK');
const commandOf = (id: string) => stage.operator.get<CommandView>(`/commands/${id}`);
const readinessRuns = async (desk: FlowDesk) =>
  (await desk.api.get<ReadinessView>(`${desk.path}/readiness`)).run ?? 0;

// In order: each scenario leaves a flow that the next one goes on with.
describe('two operators', () => {
  it('with one revision: one of them wins and the other is refused', async () => {
    const other = us().as(await stage.as('operator2'));
    const { revision } = await us().view();
    const outcomes = await Promise.all([
      us().readiness({ revision }),
      other.readiness({ revision }),
    ]);
    const refused = outcomes.filter(({ status }) => status === 'REFUSED');
    expect(outcomes.filter(({ status }) => status === 'APPLIED')).toHaveLength(1);
    expect(refused).toMatchObject([{ httpStatus: 409, details: { state: { flow: 'US' } } }]);
    // Before the winner's readiness ran, it stands in the way; after it, the revision is another.
    expect(['STEP_IN_PROGRESS', 'VERSION_CONFLICT']).toContain(refused[0]?.code);
    expect(await readinessRuns(us())).toBe(1);
  });

  it('a stale revision is refused with the current one', async () => {
    const { revision } = await us().view();
    expect(await us().start({ revision: revision - 1 })).toMatchObject({
      httpStatus: 409,
      code: 'VERSION_CONFLICT',
      details: { revisionSeen: revision - 1, revision },
    });
    expect((await us().view()).mode).toBe('IDLE');
  });

  it('who start at once: one run, and the other one is told', async () => {
    const other = us().as(await stage.as('operator2'));
    const { revision } = await us().view();
    const outcomes = await Promise.all([us().start({ revision }), other.start({ revision })]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['APPLIED', 'REFUSED']);
    const [refused] = outcomes.filter(({ status }) => status === 'REFUSED');
    expect(['ALREADY_RUNNING', 'VERSION_CONFLICT', 'NOTHING_TO_RUN']).toContain(refused?.code);
    const view = await us().settled();
    expect(view.steps.map(({ pass }) => pass)).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('a command that is sent again', () => {
  it('is answered from its row, and takes effect once', async () => {
    const key = randomUUID();
    await stage.operator.must(`${hk().path}/readiness`, {}, key);
    const { revision } = await hk().view();
    for (let click = 0; click < 3; click += 1) {
      const again = await stage.operator.ask('POST', `${hk().path}/readiness`, { body: {}, key });
      expect(again.status).toBe(200);
      expect(again.body).toMatchObject({ commandId: key, status: 'APPLIED' });
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    }
    expect(await readinessRuns(hk())).toBe(1);
    expect((await hk().view()).revision).toBe(revision);
  });

  it('is refused again as it was, even when it would be allowed now', async () => {
    const key = randomUUID();
    expect(await hk().pause({}, key)).toMatchObject({ code: 'NOTHING_TO_PAUSE' });
    await placeOrder(stage.operator, {
      accountNo: '20000001',
      instrumentId: 'ST/HK/700',
      tradeDate: MON_2025_12_22,
    });
    await whileFrozen(stage.system, 'batch', async () => {
      await stage.operator.must(`${hk().path}/start`);
      await hk().until('a running sync', (view) => stepOf(view, 'sync').status === 'RUNNING');
      expect(await hk().pause({}, key)).toMatchObject({ code: 'NOTHING_TO_PAUSE' });
      expect((await hk().view()).mode).toBe('AUTO_RUNNING');
      expect(await hk().pause()).toMatchObject({ status: 'APPLIED' });
    });
    await hk().waitForMode('PAUSED');
  });

  it('with other content is refused and changes nothing', async () => {
    const key = randomUUID();
    await stage.operator.must(`${hk().path}/steps/preCheck/run`, {}, key);
    const { revision } = await hk().settled();
    const asOther = await stage.as('operator2');
    for (const outcome of [
      await hk().runStep('billing', {}, key),
      await hk().runStep('preCheck', { reason: 'another one' }, key),
      await hk().start({}, key),
      await hk().as(asOther).runStep('preCheck', {}, key),
    ]) {
      expect(outcome).toMatchObject({ httpStatus: 409, code: 'IDEMPOTENCY_KEY_REUSED' });
    }
    expect((await hk().view()).revision).toBe(revision);
  });

  it('needs a key of its own', async () => {
    const answer = await stage.operator.ask<Problem>('POST', `${hk().path}/start`, { body: {} });
    expect([answer.status, answer.body.code]).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('a command whose answer is lost', () => {
  it('takes effect once when the API dies before it can answer', async () => {
    const key = randomUUID();
    const { system } = stage;
    await whileFrozen(system, 'control', async () => {
      const lost = stage.operator.ask('POST', `${hk().path}/steps/billing/run`, { body: {}, key });
      const isLost = expect(lost).rejects.toThrow('fetch failed');
      await poll('the command to be written down', 60_000, async () => {
        const { status } = await commandOf(key);
        return status === 'RECORDED' || undefined;
      });
      await system.kill('server');
      await isLost;
    });
    system.restart('server');
    await system.untilHealthy();
    const outcome = await stage.operator.command(`${hk().path}/steps/billing/run`, {}, key);
    expect(outcome).toMatchObject({ commandId: key, status: 'APPLIED' });
    expect(stepOf(await hk().settled(), 'billing')).toMatchObject({ status: 'SUCCEEDED', pass: 1 });
  });

  it('never acts after it expired, while a later one does', async () => {
    const { system } = stage;
    await system.kill('control');
    const key = randomUUID();
    const path = `${hk().path}/steps/posting/run`;
    const sent = await stage.operator.ask('POST', path, { body: {}, key });
    expect(sent.status).toBe(202);
    expect(sent.headers.get('location')).toBe(`/api/v1/commands/${key}`);
    expect(await commandOf(key)).toMatchObject({ kind: 'runStep', status: 'RECORDED' });
    const expired = await poll('its expiry', COMMAND_TTL_MS + 60_000, async () => {
      const command = await commandOf(key);
      return command.status === 'RECORDED' ? undefined : command;
    });
    expect(expired).toMatchObject({ status: 'EXPIRED', code: 'COMMAND_EXPIRED' });

    system.restart('control');
    await system.untilHealthy();
    expect(await hk().runStep('billing')).toMatchObject({ status: 'APPLIED' });
    const view = await hk().settled();
    expect(stepOf(view, 'billing').pass).toBe(2);
    expect(statusesOf(view)).toMatchObject({ billing: 'SUCCEEDED', posting: 'NOT_STARTED' });
    expect(await hk().runStep('posting', {}, key)).toMatchObject({
      httpStatus: 409,
      code: 'COMMAND_EXPIRED',
    });
    expect(await commandOf(key)).toMatchObject({ status: 'EXPIRED' });
    expect(await hk().statuses()).toMatchObject({ posting: 'NOT_STARTED' });
    expect((await hk().run()).mode).toBe('COMPLETED');
  });
});
