import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { booksOf, contractsOf, type Books } from './support/books.ts';
import { stepOf } from './support/desk.ts';
import { orderOf, sendOrders } from './support/front-office.ts';
import { MON_2025_12_22, startTiny, type Stage } from './support/tiny-system.ts';
import { rowsFor, sendTradeFile } from './support/trade-files.ts';
import { enterSupplement, mustEnterSupplement } from './trades/reads.ts';

let stage: Stage;
let opening: Books;
const hk = () => stage.day.flow('HK');
const books = (): Promise<Books> => booksOf(stage.operator);
const states = async () =>
  (await contractsOf(stage.operator, MON_2025_12_22, 'HK')).map(({ state }) => state);

beforeAll(async () => {
  stage = await startTiny();
  opening = await books();
  const reconciled = orderOf({
    accountNo: '20000001',
    instrumentId: 'ST/HK/700',
    tradeDate: MON_2025_12_22,
    settlementChannel: 'CCASS',
  });
  await sendOrders(stage.operator, [reconciled]);
  await sendTradeFile(stage.operator, reconciled, rowsFor([reconciled]));
  for (const flow of ['US', 'HK']) await stage.day.flow(flow).clear();
});
afterAll(() => stage.stop());

// The scenarios share a system and follow each other, one generation after the other.
describe('a revoke after a revoke that kept the postings', () => {
  it('keeps nothing twice, but takes them back and restores every balance', async () => {
    const kept = await hk().mustRevoke({ assetRollback: 'NO_OP', supplements: 'NO_OP' });
    expect(kept.allowedCommands).toContain('revoke');
    const again = await hk().revoke({ assetRollback: 'NO_OP', supplements: 'NO_OP' });
    expect(again).toMatchObject({ httpStatus: 422, code: 'NOTHING_TO_REVOKE' });
    expect(await states()).toEqual([4]);
    const undone = await hk().mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    expect(undone).toMatchObject({ mode: 'IDLE', generation: 3, tradesFrozen: true });
    expect(await states()).toEqual([]);
    expect(await books()).toEqual(opening);
    const nothing = await hk().revoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    expect(nothing).toMatchObject({ code: 'NOTHING_TO_REVOKE' });
    await hk().clear();
    expect(await states()).toEqual([4]);
    await stage.day.expectInvariants();
  });

  it('opens a set of trades that was frozen by mistake', async () => {
    await hk().mustRevoke({ assetRollback: 'NO_OP', supplements: 'NO_OP' });
    const closed = await enterSupplement(stage.operator, MON_2025_12_22);
    expect(closed.body.code).toBe('SUPPLEMENT_WINDOW_CLOSED');
    const opened = await hk().mustRevoke({
      assetRollback: 'NO_OP',
      supplements: 'ADD_TO_CLEARING',
    });
    expect(opened).toMatchObject({ mode: 'IDLE', tradesFrozen: false });
    await mustEnterSupplement(stage.operator, MON_2025_12_22);
    await hk().clear();
    expect(await states()).toEqual([4, 4]);
    await stage.day.expectInvariants();
  });

  it('an undo leaves every snapshot to the check by hand, and to billing', async () => {
    // Two snapshots count by now: the file's trade is in the first, the supplement in the last.
    await hk().mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    await hk().makeReady();
    expect(await hk().mustRunStep('preCheck')).toMatchObject({
      status: 'SUCCEEDED',
      result: { failed: 0 },
    });
    const view = await hk().run();
    expect(view.mode).toBe('COMPLETED');
    expect(stepOf(view, 'billing').result).toMatchObject({ contracts: 2 });
    expect(await states()).toEqual([4, 4]);
    await stage.day.expectInvariants();
  });
});
