import { FEE_ACCOUNT_BASE } from '../../db/seed/reference-rows.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import {
  assertBalanced,
  cashSettlementPostings,
  securitiesSettlementPostings,
  tradePostings,
  type ContractToPost,
  type PostingLine,
} from '../../domain/ledger/contract-postings.ts';
import type { JournalKind } from '../../domain/ledger/journal.ts';
import { Decimal } from '../../domain/money/decimal.ts';
import { accountIdOf } from './load-front-office.ts';
import {
  feeTotalsOf,
  netOf,
  type OpeningContext,
  type OpeningContract,
} from './opening-contracts.ts';

/** One settlement run for each flow and ledger date on which something fell due. */
export type SettlementRuns = Map<string, Promise<number>>;

function known(ids: ReadonlyMap<string, number>, name: string): number {
  const id = ids.get(name);
  if (id === undefined) throw new ClearingError('NOT_FOUND', { name });
  return id;
}

function toPost(context: OpeningContext, contract: OpeningContract): ContractToPost {
  const { order, priced } = contract;
  return {
    side: order.side,
    accountId: accountIdOf(order.account),
    streetAccountId: known(context.streetAccounts, order.settlementChannel),
    currencyAssetId: known(context.assetIds, order.instrument.currency),
    instrumentAssetId: known(context.assetIds, order.instrument.instrumentId),
    quantity: priced.quantity,
    grossAmount: priced.gross,
    netAmount: netOf(contract),
    fees: feeTotalsOf(contract).map(([code, amount]) => ({
      ledgerAccountId: FEE_ACCOUNT_BASE + known(context.feeCodeIds, code),
      amount,
    })),
    cashSettlementDate: contract.cash.date,
    securitiesSettlementDate: contract.securities.date,
  };
}

interface Written {
  readonly contract: OpeningContract;
  readonly contractId: number;
}

interface JournalPlan {
  readonly kind: JournalKind;
  readonly ledgerDate: BusinessDate;
  readonly valueDate: BusinessDate;
  readonly stepRunId: number;
  readonly lines: readonly PostingLine[];
}

async function writeJournal(
  { books }: OpeningContext,
  { contract, contractId }: Written,
  plan: JournalPlan,
): Promise<void> {
  assertBalanced(plan.lines, `${plan.kind} of opening contract ${contractId}`);
  const { lines, ...fields } = plan;
  const journal = {
    ...fields,
    journalId: await books.nextJournalId(),
    flow: contract.market.flow,
    sourceKind: 'contract',
    sourceId: contractId,
    accountId: accountIdOf(contract.order.account),
  } as const;
  books.journal(journal);
  for (const line of lines) books.posting(journal, { ...line, amount: new Decimal(line.amount) });
}

/** Books a contract, and settles each leg that fell due before the first ledger date. */
export async function postOpeningContract(
  context: OpeningContext,
  settlementRuns: SettlementRuns,
  written: Written & { readonly postingRun: number },
): Promise<void> {
  const { contract, postingRun } = written;
  const booked = toPost(context, contract);
  await writeJournal(context, written, {
    kind: 'tradePosting',
    ledgerDate: contract.ledgerDate,
    valueDate: contract.tradeDate,
    stepRunId: postingRun,
    lines: tradePostings(booked),
  });
  const settle = async (
    kind: JournalKind,
    leg: OpeningContract['cash'],
    lines: readonly PostingLine[],
  ): Promise<void> => {
    if (leg.due >= context.firstLedgerDate) return;
    const { flow } = contract.market;
    const key = `${leg.due}/${flow}`;
    const run = settlementRuns.get(key) ?? context.books.stepRun(leg.due, flow, 'settlement');
    settlementRuns.set(key, run);
    const stepRunId = await run;
    const { due: ledgerDate, date: valueDate } = leg;
    await writeJournal(context, written, { kind, ledgerDate, valueDate, stepRunId, lines });
  };
  await settle('cashSettlement', contract.cash, cashSettlementPostings(booked));
  await settle('securitiesSettlement', contract.securities, securitiesSettlementPostings(booked));
}
