import { balanceMark, ledgerTotals, type BalanceMark } from '../../db/bulk/ledger-totals.ts';
import { ChunkWriter } from '../../db/bulk/chunk-writer.ts';
import { accountRanges } from '../../db/bulk/shard-ranges.ts';
import {
  countUnreversed,
  reverseChunk,
  unreversedPerAccount,
  type UndoableKind,
} from '../../db/bulk/undo-queries.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { StepDefinition } from './step-definition.ts';

const JOURNALS_PER_SHARD = 30_000;

/**
 * Reverses every journal of these kinds that the flow booked on the ledger date and nothing has
 * reversed yet: those of kept generations too, and settlements of contracts of earlier dates.
 */
const undo = (kinds: readonly UndoableKind[]): StepDefinition => ({
  async plan(t, run) {
    const counts = unreversedPerAccount(run, kinds);
    const shards = await accountRanges(t.client, counts, JOURNALS_PER_SHARD);
    if (shards.length === 0) return { inputs: {}, shards };
    return { inputs: { balancesBefore: await balanceMark(t.client) }, shards };
  },

  async workShard(work) {
    const { run, claim } = work;
    const writer = new ChunkWriter(work);
    while (await writer.once((t) => reverseChunk(t.client, work, run, kinds)));
    return { rows: claim.rowsDone };
  },

  async close(t, run, shardResults) {
    if (shardResults.length === 0) return { status: 'SUCCEEDED_EMPTY', result: { journals: 0 } };
    const before = run.inputs['balancesBefore'] as BalanceMark;
    const totals = await ledgerTotals(t.client, run, before);
    const left = await countUnreversed(t.client, run, kinds);
    if (left > 0) {
      throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
        what: 'journals are left that nothing reversed',
        left,
      });
    }
    return { status: 'SUCCEEDED', result: { ...totals } };
  },
});

/** 回撤交收: contracts of earlier ledger dates return to 4 or 6 as well. */
export const undoSettlement = undo(['cashSettlement', 'securitiesSettlement']);

/** 回撤入账: after the settlements of the date are undone. */
export const undoPosting = undo(['tradePosting']);
