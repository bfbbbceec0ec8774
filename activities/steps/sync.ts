import { refreshMasterData } from '../../db/bulk/master-data.ts';
import { analyzeGrownSnapshots } from '../../db/bulk/partition-statistics.ts';
import { postedSyncRuns } from '../../db/bulk/run-history.ts';
import { syncProbe } from '../../db/bulk/sync-queries.ts';
import {
  changedOrdersAfter,
  completeTradeDates,
  countTradeDates,
  cutOf,
  earlierSnapshots,
  snapshotTotals,
} from '../../db/bulk/sync-reads.ts';
import type { SyncInputs } from '../../db/bulk/sync-scope.ts';
import { TradeSnapshot } from '../../db/bulk/trade-snapshot.ts';
import { loadClearingCalendar, marketsOfFlow } from '../../db/calendars.repository.ts';
import { tradeWindow } from '../../domain/trades/trade-window.ts';
import type { Transaction } from '../../db/transaction.ts';
import type { StepDefinition, StepPlan, StepRun } from './step-definition.ts';

type Opening = Omit<StepRun, 'stepRunId' | 'inputs'>;

/** Front-office rows carry no account id, so each shard reads all of the day: few, large shards. */
const EXECUTIONS_PER_SHARD = 1_000_000;
const MAX_SHARDS = 4;

const inputsOf = (run: StepRun): SyncInputs => run.inputs as unknown as SyncInputs;

async function freezeInputs(t: Transaction, run: Opening): Promise<SyncInputs> {
  const calendar = await loadClearingCalendar(t.tx);
  const earlier = await earlierSnapshots(t.client, run);
  const oldest = earlier.oldest ?? run.ledgerDate;
  const windows = marketsOfFlow(calendar, run.flow).map((market) =>
    tradeWindow(market, run.ledgerDate, oldest, calendar.union),
  );
  const cutAt = await cutOf(t.client, run);
  return {
    cutAt,
    oldest,
    windows,
    postedSyncRunIds: await postedSyncRuns(t.client, run),
    earlierSyncRunIds: earlier.syncRunIds,
    tradeDates: await countTradeDates(t.client, windows, earlier.complete),
    changedOrders: await changedOrdersAfter(t.client, earlier.ordersUpTo, cutAt),
  };
}

const ownRows = ({ windows, tradeDates }: SyncInputs): number =>
  tradeDates.reduce((sum, { market, tradeDate, rows }) => {
    const isOwn = windows.some((w) => w.market === market && w.from <= tradeDate);
    return isOwn ? sum + rows : sum;
  }, 0);

/**
 * 数据同步: the snapshot of what the front office knew at the cut. It takes the trades whose ledger
 * date this is, those that missed an earlier one, and the back office's supplements; never one that
 * a posted contract holds already.
 */
export const sync: StepDefinition = {
  async plan(t, run): Promise<StepPlan> {
    const inputs = await freezeInputs(t, run);
    const { rows } = await t.client.query<{ found: boolean }>(syncProbe({ ...run, inputs }));
    if (rows[0]?.found !== true) return { inputs: { ...inputs }, shards: [] };
    await refreshMasterData(t.client, run.ledgerDate);
    const own = ownRows(inputs);
    const count = Math.min(MAX_SHARDS, Math.max(1, Math.ceil(own / EXECUTIONS_PER_SHARD)));
    const { rows: cuts } = await t.client.query<{ last: number }>(
      `SELECT max(account_id) AS last FROM (
         SELECT account_id, ntile($1) OVER (ORDER BY account_id) AS shard FROM accounts) a
       GROUP BY shard ORDER BY 1`,
      [count],
    );
    const lasts = cuts.length === 0 ? [0] : cuts.map(({ last }) => last);
    return {
      inputs: { ...inputs },
      shards: lasts.map((accountTo, index) => ({
        // Account 0 stands for an unknown one and belongs to the first shard.
        accountFrom: index === 0 ? 0 : (lasts[index - 1] ?? 0) + 1,
        accountTo,
        rowsPlanned: Math.ceil(own / lasts.length),
      })),
    };
  },

  async workShard(work) {
    const { ledgerDate, flow } = work.run;
    const scope = { ledgerDate, flow, inputs: inputsOf(work.run) };
    await new TradeSnapshot(work, scope).run();
    return { rows: work.claim.rowsDone };
  },

  async close(t, run, shardResults) {
    const scope = { ...run, inputs: inputsOf(run) };
    await analyzeGrownSnapshots(t.client);
    const complete = await completeTradeDates(t.client, scope, run.stepRunId);
    if (shardResults.length === 0) return { status: 'SUCCEEDED_EMPTY', result: { complete } };
    const totals = await snapshotTotals(t.client, run);
    const isEmpty = totals.executions === 0 && totals.exceptions === 0;
    return { status: isEmpty ? 'SUCCEEDED_EMPTY' : 'SUCCEEDED', result: { ...totals, complete } };
  },
};
