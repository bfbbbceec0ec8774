import { CONTRACT_COLUMN_COUNT, loadLedgerAccounts } from '../../db/bulk/contract-lines.ts';
import { handPricesToSettle } from '../../db/bulk/hand-prices.ts';
import {
  afterCursor,
  JournalWriter,
  type DraftJournals,
  type JournalDraft,
} from '../../db/bulk/journal-writer.ts';
import { balanceMark, ledgerTotals, type BalanceMark } from '../../db/bulk/ledger-totals.ts';
import {
  dueContracts,
  dueContractsInRange,
  type SettlementInputs,
} from '../../db/bulk/posting-queries.ts';
import { billingRuns, previousLedgerDate } from '../../db/bulk/run-history.ts';
import { accountRanges } from '../../db/bulk/shard-ranges.ts';
import { inTransaction } from '../../db/transaction.ts';
import {
  cashSettlementPostings,
  securitiesSettlementPostings,
} from '../../domain/ledger/contract-postings.ts';
import type { StepDefinition, StepRun } from './step-definition.ts';

const CONTRACTS_PER_SHARD = 15_000;

interface Inputs extends SettlementInputs {
  readonly balancesBefore: BalanceMark;
}

const inputsOf = (run: StepRun): Inputs => run.inputs as unknown as Inputs;

/** Columns behind those of the contract: which legs are due and open. */
const dueLegs: DraftJournals = (contract, fields) => {
  const drafts: JournalDraft[] = [];
  if (fields[CONTRACT_COLUMN_COUNT] === 't') {
    drafts.push({
      kind: 'cashSettlement',
      valueDate: contract.cashSettlementDate,
      lines: cashSettlementPostings(contract),
    });
  }
  if (fields[CONTRACT_COLUMN_COUNT + 1] === 't') {
    drafts.push({
      kind: 'securitiesSettlement',
      valueDate: contract.securitiesSettlementDate,
      lines: securitiesSettlementPostings(contract),
    });
  }
  return drafts;
};

/**
 * 清算交收: moves every leg that is due from unsettled to settled, of posted contracts of this date
 * and of any earlier one. Contracts go 4 → 6 → 5; the value date stays the settlement date.
 */
export const settlement: StepDefinition = {
  async plan(t, run) {
    const posted = (await billingRuns(t.client, run)).filter((one) => one.isPosted);
    const inputs: SettlementInputs = {
      dueAfter: await previousLedgerDate(t.client, run.ledgerDate),
      billingRunIds: posted.map((one) => one.stepRunId),
    };
    const due = dueContracts({ ...run, inputs }, 'c.account_id, count(*) AS n');
    const shards = await accountRanges(
      t.client,
      `${due} GROUP BY c.account_id`,
      CONTRACTS_PER_SHARD,
    );
    if (shards.length === 0) return { inputs: { ...inputs }, shards };
    return { inputs: { ...inputs, balancesBefore: await balanceMark(t.client) }, shards };
  },

  async workShard(work) {
    const { run, claim, db } = work;
    const inputs = inputsOf(run);
    const { ledgerDate, flow } = run;
    const books = await inTransaction(db, async ({ client }) => ({
      accounts: await loadLedgerAccounts(client),
      handPrices: await handPricesToSettle(client, { ledgerDate, flow, ...inputs }, claim),
    }));
    const writer = new JournalWriter(work, run, books, dueLegs);
    const scope = { ...run, inputs };
    await writer.run(dueContractsInRange(scope, claim, afterCursor(claim.cursor)));
    return { rows: claim.rowsDone, sealingMs: writer.sealingMs };
  },

  async close(t, run, shardResults) {
    if (shardResults.length === 0) return { status: 'SUCCEEDED_EMPTY', result: { journals: 0 } };
    const totals = await ledgerTotals(t.client, run, inputsOf(run).balancesBefore);
    return { status: 'SUCCEEDED', result: { ...totals } };
  },
};
