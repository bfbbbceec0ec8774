import { ChunkWriter } from '../../db/bulk/chunk-writer.ts';
import { accountRanges } from '../../db/bulk/shard-ranges.ts';
import {
  BALANCES_PER_ACCOUNT,
  summaryTotals,
  writeAccountTotals,
} from '../../db/bulk/summary-queries.ts';
import type { StepDefinition } from './step-definition.ts';

const BALANCES_PER_SHARD = 100_000;

/** 数据汇总: what every account holds and awaits of each asset, as of the ledger date. */
export const dataSummary: StepDefinition = {
  async plan(t) {
    return {
      inputs: {},
      shards: await accountRanges(t.client, BALANCES_PER_ACCOUNT, BALANCES_PER_SHARD),
    };
  },

  async workShard(work) {
    const { run, claim } = work;
    if (claim.chunks === 0) {
      await new ChunkWriter(work).once(async ({ client }) => ({
        rows: await writeAccountTotals(client, run, claim),
        cursor: 'all',
      }));
    }
    return { rows: claim.rowsDone };
  },

  async close(t, run, shardResults) {
    if (shardResults.length === 0) return { status: 'SUCCEEDED_EMPTY', result: { rows: 0 } };
    return { status: 'SUCCEEDED', result: { ...(await summaryTotals(t.client, run)) } };
  },
};
