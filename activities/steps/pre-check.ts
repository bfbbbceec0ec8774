import { createHash } from 'node:crypto';
import { readUnequalPairs, type CheckPair } from '../../db/check-pairs.ts';
import {
  loadChannelChecks,
  storeChannelOutcome,
  summariesOfRun,
  type ChannelCheck,
} from '../../db/checks.repository.ts';
import { commitChunk } from '../../db/fence.ts';
import { manualPassesOf } from '../../db/manual-passes.repository.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import { checkItem } from '../../domain/clearing/manual-pass.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { ChannelMatch } from '../../domain/matching/channel-match.ts';
import { differenceText } from '../../domain/matching/match-pair.ts';
import type { ShardWork, StepDefinition, StepRun } from './step-definition.ts';

/** Differences that get a row each; the others are counted and part of the digest. */
const KEPT_DIFFERENCES = 10_000;
const HEARTBEAT_MS = 2_000;
const DONE = 'done';

const checksOf = (run: Pick<StepRun, 'inputs'>): readonly ChannelCheck[] =>
  (run.inputs['checks'] ?? []) as readonly ChannelCheck[];

/**
 * Reconciles our trades with the counterparties' files, channel by channel. All of it is one chunk:
 * PostgreSQL joins and sums, and either every summary of the run is there or none. A channel whose
 * differences are just those that were passed by hand does not keep the step from succeeding.
 */
export const preCheck: StepDefinition = {
  async plan(t, run) {
    const checks = await loadChannelChecks(t, run);
    const rowsPlanned = checks.reduce((sum, check) => sum + check.orders + check.fileRows, 0);
    const everyAccount = { accountFrom: 0, accountTo: Number.MAX_SAFE_INTEGER, rowsPlanned };
    return { inputs: { checks }, shards: checks.length === 0 ? [] : [everyAccount] };
  },

  async workShard(work) {
    if (work.claim.cursor !== DONE) await withHeartbeat(work, () => checkAll(work));
    const summaries = await summariesOfRun(work.db, work.run.stepRunId);
    return {
      checks: summaries.length,
      differences: summaries.reduce((sum, { taskNum }) => sum + taskNum, 0),
    };
  },

  async close(t, run, shardResults) {
    if (shardResults.length === 0) return { status: 'SUCCEEDED_EMPTY', result: { checks: 0 } };
    const passOf = await manualPassesOf(t.tx, run, 'check');
    const summaries = (await summariesOfRun(t.tx, run.stepRunId)).map((summary) => {
      const { taskId, taskCode, market, settlementChannel, taskStatus, taskNum } = summary;
      const hasFailed = taskStatus === 'FAILED';
      const pass = hasFailed ? passOf(checkItem(summary), summary.differencesHash) : undefined;
      const passedByTicket = pass?.ticketId ?? null;
      return { taskId, taskCode, market, settlementChannel, taskStatus, taskNum, passedByTicket };
    });
    const failed = summaries.filter(
      ({ taskStatus, passedByTicket }) => taskStatus === 'FAILED' && passedByTicket === null,
    );
    const result = { checks: summaries.length, failed: failed.length, summaries };
    return failed.length === 0
      ? { status: 'SUCCEEDED', result }
      : {
          status: 'BLOCKED_BY_CHECK',
          result,
          failure: { code: 'CHECK_NOT_PASSED', details: { summaries: failed } },
        };
  },
};

async function checkAll(work: ShardWork): Promise<void> {
  await inTransaction(work.db, async (t) => {
    for (const check of checksOf(work.run)) {
      if (work.isCancelled()) {
        throw new ClearingError('FENCED_OUT', { why: 'the attempt was cancelled' });
      }
      await checkChannel(t, work.run, check);
    }
    const rows = checksOf(work.run).reduce(
      (sum, { orders, fileRows }) => sum + orders + fileRows,
      0,
    );
    await commitChunk(t.client, work.claim, { cursor: DONE, rows });
  });
}

async function checkChannel(t: Transaction, run: StepRun, check: ChannelCheck): Promise<void> {
  const match = new ChannelMatch<CheckPair>(check, KEPT_DIFFERENCES);
  const digest = createHash('sha256');
  await readUnequalPairs(t.client, check, (pair) => {
    const verdict = match.add(pair);
    digest.update(`${differenceText(pair, verdict)}\n`);
  });
  const differencesHash = digest.digest('hex');
  await storeChannelOutcome(t, run, { check, outcome: match.finish(), differencesHash });
}

/** One statement can take longer than Temporal waits for a sign of life. */
async function withHeartbeat(work: ShardWork, task: () => Promise<void>): Promise<void> {
  const beat = (): void => {
    work.heartbeat({ rowsDone: work.claim.rowsDone });
  };
  beat();
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    await task();
  } finally {
    clearInterval(timer);
  }
}
