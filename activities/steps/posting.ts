import { agentFeesOf, AGENT_TOTALS, loadAgentAccounts } from '../../db/bulk/agent-queries.ts';
import { loadLedgerAccounts } from '../../db/bulk/contract-lines.ts';
import { handPricesToPost } from '../../db/bulk/hand-prices.ts';
import { newestEditNo } from '../../db/bulk/newest-edit.ts';
import { afterCursor, JournalWriter } from '../../db/bulk/journal-writer.ts';
import { balanceMark, ledgerTotals, type BalanceMark } from '../../db/bulk/ledger-totals.ts';
import { contractsPerAccount, contractsToPost } from '../../db/bulk/posting-queries.ts';
import { billingRuns, runIds, type CountingRun } from '../../db/bulk/run-history.ts';
import { accountRanges } from '../../db/bulk/shard-ranges.ts';
import { inTransaction } from '../../db/transaction.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { agentPostings, tradePostings } from '../../domain/ledger/contract-postings.ts';
import type { StepDefinition, StepRun } from './step-definition.ts';

const CONTRACTS_PER_SHARD = 15_000;

interface PostingInputs {
  readonly billingRunIds: readonly number[];
  /** The newest fee edit that was there. */
  readonly maxFeeEditNo: number;
  readonly balancesBefore: BalanceMark;
  /** Absent: agents charge nothing. */
  readonly hasAgentFees?: true;
}

const inputsOf = (run: StepRun): PostingInputs => run.inputs as unknown as PostingInputs;

/** Two bills of one snapshot would charge its clients twice. */
function assertBilledOnce(runs: readonly CountingRun[]): void {
  const snapshots = runs.flatMap((run) => runIds(run.inputs, 'syncRunIds'));
  if (new Set(snapshots).size === snapshots.length) return;
  throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
    what: 'a snapshot is billed by two runs that count',
    billingRunIds: runs.map((run) => run.stepRunId),
  });
}

/** 清算入帐: one journal for each contract that counts and is not posted. Contracts go 3 → 4. */
export const posting: StepDefinition = {
  async plan(t, run) {
    const runs = await billingRuns(t.client, run);
    assertBilledOnce(runs);
    const billingRunIds = runs.filter((one) => !one.isPosted).map((one) => one.stepRunId);
    if (billingRunIds.length === 0) return { inputs: { billingRunIds }, shards: [] };
    const counts = contractsPerAccount(run.ledgerDate, billingRunIds);
    const shards = await accountRanges(t.client, counts, CONTRACTS_PER_SHARD);
    const isBilledByAgents = runs.some((one) => !one.isPosted && 'agentRules' in one.inputs);
    const inputs: PostingInputs = {
      billingRunIds,
      ...(isBilledByAgents ? { hasAgentFees: true } : {}),
      maxFeeEditNo: await newestEditNo(t.client, 'fee_edits', run),
      balancesBefore: await balanceMark(t.client),
    };
    return { inputs: { ...inputs }, shards };
  },

  async workShard(work) {
    const { run, claim, db } = work;
    const { ledgerDate, flow } = run;
    const inputs = inputsOf(run);
    const books = await inTransaction(db, async ({ client }) => ({
      accounts: await loadLedgerAccounts(client),
      handPrices: await handPricesToPost(client, { ledgerDate, flow, ...inputs }, claim),
      agents: inputs.hasAgentFees ? await loadAgentAccounts(client) : undefined,
    }));
    const { agents } = books;
    const writer = new JournalWriter(work, run, books, (contract, fields) => [
      {
        kind: 'tradePosting',
        valueDate: contract.cashSettlementDate,
        lines:
          agents === undefined
            ? tradePostings(contract)
            : [
                ...tradePostings(contract),
                ...agentPostings(contract.currencyAssetId, agentFeesOf(fields, agents)),
              ],
      },
    ]);
    const after = afterCursor(claim.cursor);
    const more = agents === undefined ? [] : [AGENT_TOTALS];
    await writer.run(contractsToPost(ledgerDate, inputs.billingRunIds, claim, after, more));
    return { rows: claim.rowsDone, sealingMs: writer.sealingMs };
  },

  async close(t, run, shardResults) {
    if (shardResults.length === 0) return { status: 'SUCCEEDED_EMPTY', result: { journals: 0 } };
    const { billingRunIds, balancesBefore } = inputsOf(run);
    const totals = await ledgerTotals(t.client, run, balancesBefore);
    const { rows } = await t.client.query<{ n: number }>(
      'SELECT count(*) AS n FROM contracts WHERE ledger_date = $1 AND billing_run_id = ANY($2)',
      [run.ledgerDate, billingRunIds],
    );
    if (rows[0]?.n !== totals.journals) {
      throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
        what: 'contracts and their journals differ in number',
        contracts: rows[0]?.n,
        journals: totals.journals,
      });
    }
    return { status: 'SUCCEEDED', result: { contracts: totals.journals, ...totals } };
  },
};
