import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Barrier } from './support/barrier.ts';
import { booksOf, type Books } from './support/books.ts';
import { stepOf } from './support/desk.ts';
import { placeOrder } from './support/front-office.ts';
import { importAgreeingFiles } from './support/trade-files.ts';
import { FRI_2025_12_19, MON_2025_12_22, startTiny, type Stage } from './support/tiny-system.ts';

const UNDO = { assetRollback: 'UNDO', supplements: 'NO_OP' } as const;
const KEEP = { assetRollback: 'NO_OP', supplements: 'NO_OP' } as const;

let stage: Stage;
let cleared: Books;
const us = () => stage.day.flow('US');
const hk = () => stage.day.flow('HK');
const books = (): Promise<Books> => booksOf(stage.operator);

beforeAll(async () => {
  stage = await startTiny();
  await placeOrder(stage.operator, {
    accountNo: '20000001',
    instrumentId: 'ST/HK/700',
    tradeDate: MON_2025_12_22,
  });
  const apple = await placeOrder(stage.operator, {
    accountNo: '20000002',
    instrumentId: 'ST/US/AAPL',
    tradeDate: FRI_2025_12_19,
  });
  await importAgreeingFiles(stage.operator, [apple]);
  for (const flow of [us(), hk()]) await flow.clear();
  cleared = await books();
});
afterAll(() => stage.stop());

/** Both flows again, to the same books. */
async function clearAgain(): Promise<void> {
  for (const flow of [us(), hk()]) if ((await flow.view()).mode !== 'COMPLETED') await flow.clear();
  expect(await books()).toEqual(cleared);
  await stage.day.expectInvariants();
}

// The scenarios share a system and follow each other.
describe('one flow at a time moves the books', () => {
  it('of two revokes at once one is refused, and the day can be finished', async () => {
    const barrier = await Barrier.before(stage.system.databaseUrl, 'postings');
    const flows = [us(), hk()];
    const outcomes = await Promise.all(flows.map((flow) => flow.revoke(UNDO)));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['APPLIED', 'REFUSED']);
    const first = flows[outcomes.findIndex(({ status }) => status === 'APPLIED')];
    const second = flows[outcomes.findIndex(({ status }) => status === 'REFUSED')];
    expect(outcomes.find(({ status }) => status === 'REFUSED')).toMatchObject({
      code: 'STEP_IN_PROGRESS',
      details: { flow: first?.flow, mode: 'REVOKING' },
    });
    await barrier.lift();
    expect(await first?.settled()).toMatchObject({ mode: 'IDLE', generation: 2 });
    expect(await second?.mustRevoke(UNDO)).toMatchObject({ mode: 'IDLE', generation: 2 });
    await clearAgain();
  });

  it('a flow is not revoked beside a running one, whatever its options', async () => {
    await hk().mustRevoke(UNDO);
    await hk().makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) {
      if (stepOf(await hk().view(), step).status === 'INVALIDATED') await hk().mustRunStep(step);
    }
    const barrier = await Barrier.before(stage.system.databaseUrl, 'postings');
    await stage.operator.must(`${hk().path}/start`);
    await barrier.reachedBy('worker batch');
    expect((await us().view()).allowedCommands).not.toContain('revoke');
    for (const options of [UNDO, KEEP]) {
      expect(await us().revoke(options)).toMatchObject({
        code: 'STEP_IN_PROGRESS',
        details: { flow: 'HK', mode: 'AUTO_RUNNING' },
      });
    }
    await barrier.lift();
    expect((await hk().settled()).mode).toBe('COMPLETED');
    expect((await us().view()).allowedCommands).toContain('revoke');
    expect(await us().mustRevoke(UNDO)).toMatchObject({ mode: 'IDLE' });
    await clearAgain();
  });

  it('nothing starts beside a revoke, but readiness may run', async () => {
    await us().mustRevoke(UNDO);
    const barrier = await Barrier.before(stage.system.databaseUrl, 'postings');
    await hk().beginRevoke(UNDO);
    await barrier.reachedBy('worker batch');
    await us().makeReady();
    for (const refused of [await us().start(), await us().runStep('billing')]) {
      expect(refused).toMatchObject({
        code: 'STEP_IN_PROGRESS',
        details: { flow: 'HK', mode: 'REVOKING' },
      });
    }
    await barrier.lift();
    await hk().settled();
    expect((await us().run()).mode).toBe('COMPLETED');
    await clearAgain();
  });
});
