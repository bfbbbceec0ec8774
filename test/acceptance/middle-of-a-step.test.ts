import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXECUTION_COLUMNS, ORDER_COLUMNS } from '../../domain/front-office/csv-columns.ts';
import { Barrier } from './support/barrier.ts';
import { booksOf, type Books } from './support/books.ts';
import { stepOf, type FlowDesk } from './support/desk.ts';
import { digestOf, type Digest } from './support/digest.ts';
import { MON_2025_12_22, startTiny, type Stage } from './support/tiny-system.ts';

/** A chunk and a bit: so a step can be caught with one chunk committed and one to do. */
const ORDERS = 10_200;
const CHUNK = 10_000;
const WHEN = `${MON_2025_12_22}T02:30:00Z`;

const accountOf = (n: number): string => String(20_000_001 + (n % 20));
const rowsOf = (columns: readonly string[], row: (n: number) => readonly unknown[]): string =>
  [columns.join(','), ...Array.from({ length: ORDERS }, (_, n) => row(n).join(','))].join('\n');

const ordersCsv = rowsOf(ORDER_COLUMNS, (n) => {
  const side = n % 2 === 0 ? 'BUY' : 'SELL';
  return [`B${n}`, 1, accountOf(n), 'ST/HK/5', side, n % 3, 'HKOTC', 400, false, WHEN];
});
const executionsCsv = rowsOf(EXECUTION_COLUMNS, (n) => {
  const price = `119.${String(n % 100).padStart(2, '0')}`;
  return [`X${n}`, 1, `B${n}`, MON_2025_12_22, 400, price, false, WHEN, WHEN];
});

describe('a step with several chunks', () => {
  let stage: Stage;
  let hk: FlowDesk;
  let expected: { readonly books: Books; readonly digest: Digest };
  const state = async () => ({
    books: await booksOf(stage.operator),
    digest: await digestOf(stage.system.databaseUrl, MON_2025_12_22),
  });

  beforeAll(async () => {
    stage = await startTiny();
    hk = stage.day.flow('HK');
    for (const [kind, csv] of [
      ['orders', ordersCsv],
      ['executions', executionsCsv],
    ] as const) {
      const { status } = await stage.operator.postCsv(`/front-office/imports/${kind}`, csv);
      expect(status).toBe(200);
    }
    await stage.day.flow('US').clear();
  });
  afterAll(() => stage.stop());

  /** One chunk is committed and the next one is under way. */
  async function runIntoTheMiddle(step: string, table: string): Promise<Barrier> {
    const { databaseUrl } = stage.system;
    const first = await Barrier.before(databaseUrl, table);
    await stage.operator.must(`${hk.path}/start`);
    await first.reachedBy('worker batch');
    // Stands behind the chunk that waits now, and before the next one.
    const second = Barrier.before(databaseUrl, table);
    await first.reachedBy('a barrier');
    await first.lift();
    const barrier = await second;
    await hk.until('one chunk', (view) => stepOf(view, step).rowsDone === CHUNK);
    await barrier.reachedBy('worker batch');
    return barrier;
  }

  it('L10 goes on behind the last chunk when its worker was killed: charged exactly once', async () => {
    await hk.makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) await hk.mustRunStep(step);
    const barrier = await runIntoTheMiddle('posting', 'postings');
    const shard = { shard: 0, rowsPlanned: ORDERS };
    expect(stepOf(await hk.view(), 'posting')).toMatchObject({
      status: 'RUNNING',
      shardsDone: 0,
      shards: [{ ...shard, status: 'OPEN', rowsDone: CHUNK, attempts: 1 }],
    });
    await stage.system.kill('batch');
    await barrier.lift();
    stage.system.restart('batch');
    const view = await hk.settled();
    expect(view.mode).toBe('COMPLETED');
    expect(stepOf(view, 'posting')).toMatchObject({
      pass: 1,
      rowsDone: ORDERS,
      shards: [{ ...shard, status: 'DONE', rowsDone: ORDERS, attempts: 2 }],
      result: { contracts: ORDERS, journals: ORDERS },
    });
    expected = await state();
    await stage.day.expectInvariants();
  });

  it('makes the same books undisturbed, and killed in billing', async () => {
    const undo = { assetRollback: 'UNDO', supplements: 'NO_OP' } as const;
    await hk.mustRevoke(undo);
    await hk.clear();
    const calm = await state();
    expect(calm.books).toEqual(expected.books);
    for (const section of ['contracts', 'fees', 'balances'] as const) {
      expect(calm.digest[section]).toBe(expected.digest[section]);
    }
    await hk.mustRevoke(undo);
    await hk.makeReady();
    const barrier = await runIntoTheMiddle('billing', 'fees');
    await stage.system.kill('batch');
    await barrier.lift();
    stage.system.restart('batch');
    expect((await hk.settled()).mode).toBe('COMPLETED');
    const again = await state();
    expect(again.books).toEqual(expected.books);
    expect(again.digest.fees).toBe(expected.digest.fees);
    await stage.day.expectInvariants();
  });
});
