import {
  accountSchedules,
  assertMasterData,
  channelEdits,
  feeRuleVersion,
  loadFeeCodeIds,
  loadInstruments,
  masterDataVersion,
  ordersPerAccount,
  type BillingInputs,
} from '../../db/bulk/billing-queries.ts';
import { AgentBills } from '../../db/bulk/agent-bills.ts';
import { agentRulesOf, agentTotals } from '../../db/bulk/agent-queries.ts';
import { billingTotals } from '../../db/bulk/billing-totals.ts';
import { ContractWriter, type BillingTables } from '../../db/bulk/contract-writer.ts';
import { FeeChoices } from '../../db/bulk/fee-choices.ts';
import { assertHandPricesFit, carryHandPrices } from '../../db/bulk/hand-prices.ts';
import { loadMerging, mergingInputs } from '../../db/bulk/merging.ts';
import { newestEditNo } from '../../db/bulk/newest-edit.ts';
import { monthInputs, tradedBefore } from '../../db/bulk/month-to-date.ts';
import { PlanChoice } from '../../db/bulk/plan-choice.ts';
import { countingRuns, postedSyncRuns } from '../../db/bulk/run-history.ts';
import { SettlementTermsBook } from '../../db/bulk/settlement-terms.ts';
import { accountRanges } from '../../db/bulk/shard-ranges.ts';
import {
  loadStampDutyEdits,
  maxStampDutyEditNo,
  StampDutyBook,
} from '../../db/bulk/stamp-duty-book.ts';
import { accountNoOf } from '../../db/bulk/master-data.ts';
import { tariffsOf } from '../../db/bulk/tariffs.ts';
import { loadClearingCalendar } from '../../db/calendars.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { ShardWork, StepDefinition, StepRun } from './step-definition.ts';

/** About 50,000 executions. */
const ORDERS_PER_SHARD = 15_000;

const inputsOf = (run: StepRun): BillingInputs => run.inputs as unknown as BillingInputs;

async function loadTables({ db, run, claim }: ShardWork): Promise<BillingTables> {
  const inputs = inputsOf(run);
  return inTransaction(db, async ({ client, tx }) => {
    // One picture of the database: what is read is what was compared.
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await assertMasterData(client, run.flow, inputs.masterData);
    const schedules = await accountSchedules(client, run.ledgerDate, inputs.syncRunIds, claim);
    const stampDuty = await loadStampDutyEdits(client, run.flow, inputs.maxStampDutyEditNo ?? 0);
    const tariffs = await tariffsOf(db, run.flow, inputs.feeRules);
    const stampDutyBook = new StampDutyBook(stampDuty);
    const plans = new PlanChoice(tariffs, schedules, stampDutyBook);
    const choices = new FeeChoices(db, await loadFeeCodeIds(client));
    const { agentRules } = inputs;
    const agents =
      agentRules === undefined
        ? undefined
        : new AgentBills(
            new PlanChoice(await tariffsOf(db, run.flow, agentRules), [], stampDutyBook),
            choices,
          );
    const byMonth = inputs.month === undefined ? [] : plans.accountsByMonth();
    return {
      plans,
      choices,
      terms: new SettlementTermsBook(await loadClearingCalendar(tx)),
      instruments: await loadInstruments(client, run.flow),
      channelEdits: await channelEdits(client, run, inputs.maxEditNo),
      byMonth: new Set(byMonth),
      tradedBefore: await tradedBefore(client, run.ledgerDate, inputs.month, byMonth),
      agents,
      merging: await loadMerging(client, run, inputs.merging, schedules),
    };
  });
}

/** Names the account as people know it. */
async function explained(work: ShardWork, error: unknown): Promise<unknown> {
  if (!(error instanceof ClearingError)) return error;
  const { accountId } = error.details;
  if (typeof accountId !== 'number') return error;
  const accountNo = await accountNoOf(work.db, accountId);
  return new ClearingError(error.code, { accountNo, ...error.details }, { cause: error });
}

/**
 * 清算计费: a contract with its fees for each order of the snapshot and trade date that is not
 * posted yet, or for several that a merge rule puts together. The rules, the edits and the
 * snapshots are those of the opening; so are instruments and fee schedules, or the step fails and
 * is run again. What people priced by hand is priced as well, to be seen beside it, and stays as
 * they said; see hand-prices.ts.
 */
export const billing: StepDefinition = {
  async plan(t, run) {
    const snapshots = await countingRuns(t.client, run, 'sync');
    const posted = await postedSyncRuns(t.client, run);
    const syncRunIds = snapshots
      .map((snapshot) => snapshot.stepRunId)
      .filter((id) => !posted.includes(id));
    const frozen = {
      maxFeeEditNo: await newestEditNo(t.client, 'fee_edits', run),
      maxEditNo: await newestEditNo(t.client, 'order_channel_edits', run),
      merging: await mergingInputs(t.client, run, syncRunIds),
    };
    await assertHandPricesFit(t.client, { ...run, ...frozen, syncRunIds });
    if (syncRunIds.length === 0) return { inputs: { syncRunIds }, shards: [] };
    const inputs: BillingInputs = {
      syncRunIds,
      feeRules: await feeRuleVersion(t.client, run.flow, { ledgerDate: run.ledgerDate }),
      ...(await agentRulesOf(t.client, run)),
      masterData: await masterDataVersion(t.client, run.flow),
      month: await monthInputs(t.client, run, syncRunIds),
      maxStampDutyEditNo: await maxStampDutyEditNo(t.client, run.flow),
      ...frozen,
    };
    const counts = ordersPerAccount(run.ledgerDate, syncRunIds);
    const shards = await accountRanges(t.client, counts, ORDERS_PER_SHARD);
    return { inputs: { ...inputs }, shards };
  },

  async workShard(work) {
    try {
      const tables = await loadTables(work);
      const scope = { ...work.run, inputs: inputsOf(work.run) };
      await new ContractWriter(work, scope, tables).run();
    } catch (error) {
      throw await explained(work, error);
    }
    return { rows: work.claim.rowsDone };
  },

  async close(t, run, shardResults) {
    if (shardResults.length === 0)
      return { status: 'SUCCEEDED_EMPTY', result: { contracts: 0, handPriced: 0 } };
    const inputs = inputsOf(run);
    const totals = await billingTotals(t.client, run, inputs.syncRunIds);
    const handPriced = await carryHandPrices(t.client, { ...inputs, ...run });
    const agents = inputs.agentRules === undefined ? {} : await agentTotals(t.client, run);
    const status = totals.contracts === 0 ? 'SUCCEEDED_EMPTY' : 'SUCCEEDED';
    return { status, result: { ...totals, ...agents, handPriced } };
  },
};
