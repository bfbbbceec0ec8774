import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { BUCKETS } from '../../domain/ledger/journal.ts';
import { Decimal } from '../../domain/money/decimal.ts';
import { OPENING_EQUITY_ACCOUNT } from '../../db/seed/reference-rows.ts';
import type { BookWriter, OpeningJournal } from './book-writer.ts';
import { accountIdOf } from './load-front-office.ts';
import type { SampleHolding } from './model.ts';

/** Names the flow of rows that no flow made. */
const OPENING_FLOW = 'opening';
const CURRENCIES: ReadonlySet<string> = new Set(['HKD', 'USD']);
const CENTS = 100;

/** Cents of a currency, whole shares of an instrument. */
const amountOf = (asset: string, amount: number): Decimal =>
  CURRENCIES.has(asset) ? new Decimal(amount).div(CENTS) : new Decimal(amount);

function groupByAccount(holdings: readonly SampleHolding[]): Map<number, SampleHolding[]> {
  const groups = new Map<number, SampleHolding[]>();
  for (const holding of holdings) {
    const group = groups.get(holding.account);
    if (group) group.push(holding);
    else groups.set(holding.account, [holding]);
  }
  return groups;
}

function postHolding(
  books: BookWriter,
  journal: OpeningJournal,
  { asset, amount, frozen }: SampleHolding,
  assetIds: ReadonlyMap<string, number>,
): void {
  const assetId = assetIds.get(asset);
  if (assetId === undefined) throw new Error(`the sample owns an unknown asset: ${asset}`);
  const { settled, frozen: heldBack } = BUCKETS;
  const ledgerAccountId = journal.accountId;
  const own = (bucket: typeof settled | typeof heldBack, part: number): void =>
    books.posting(journal, { ledgerAccountId, assetId, bucket, amount: amountOf(asset, part) });
  own(settled, amount - frozen);
  own(heldBack, frozen);
  books.posting(journal, {
    ledgerAccountId: OPENING_EQUITY_ACCOUNT,
    assetId,
    bucket: settled,
    amount: amountOf(asset, -amount),
  });
}

/**
 * One journal an account: what it owns, against the opening balances of the house. Half the cash
 * of a frozen account is held back.
 */
export async function writeOpeningHoldings(
  books: BookWriter,
  ledgerDate: BusinessDate,
  holdings: readonly SampleHolding[],
  assetIds: ReadonlyMap<string, number>,
): Promise<void> {
  const groups = groupByAccount(holdings);
  const stepRunId = await books.stepRun(ledgerDate, OPENING_FLOW, 'posting');
  for (const [account, owned] of groups) {
    const accountId = accountIdOf(account);
    const journal: OpeningJournal = {
      ledgerDate,
      journalId: await books.nextJournalId(),
      kind: 'opening',
      stepRunId,
      flow: OPENING_FLOW,
      sourceKind: 'opening',
      sourceId: accountId,
      accountId,
      valueDate: ledgerDate,
    };
    books.journal(journal);
    for (const holding of owned) postHolding(books, journal, holding, assetIds);
  }
}
