import type { BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import type { DecimalString } from '../money/decimal.ts';
import type { Side } from '../trades/trade.ts';
import { ExactSum, isZeroAmount, negated } from './exact-sum.ts';
import { BUCKETS, type Bucket } from './journal.ts';

/** What the ledger needs to know of a billed contract. Amounts and quantities are unsigned. */
export interface ContractToPost {
  readonly side: Side;
  readonly accountId: number;
  /** House account of the settlement channel: the clearing house or upstream broker. */
  readonly streetAccountId: number;
  readonly currencyAssetId: number;
  readonly instrumentAssetId: number;
  readonly quantity: DecimalString;
  /** In the trade currency; `net` is gross + fees for a BUY, gross − fees for a SELL. */
  readonly grossAmount: DecimalString;
  readonly netAmount: DecimalString;
  /** Sum of each fee code with the house account that it is owed to. */
  readonly fees: readonly ContractFee[];
  readonly cashSettlementDate: BusinessDate;
  readonly securitiesSettlementDate: BusinessDate;
}

export interface ContractFee {
  readonly ledgerAccountId: number;
  readonly amount: DecimalString;
}

/** One line of a journal. + means that the holder of the ledger account receives. */
export interface PostingLine {
  readonly ledgerAccountId: number;
  readonly assetId: number;
  readonly bucket: Bucket;
  /** Of the unsettled bucket only. */
  readonly settlementDate: BusinessDate | null;
  readonly amount: DecimalString;
}

/**
 * Books a contract: the client owes or is owed the net amount, the street the gross amount, each
 * fee goes to its house account, and the securities move against the cash. All of it is unsettled
 * but the fees, which are earned or owed on the trade. A zero amount makes no line. The sum is
 * zero per asset: a BUY is −(gross + fees) + fees + gross.
 */
export function tradePostings(contract: ContractToPost): PostingLine[] {
  const { side, accountId, streetAccountId, currencyAssetId } = contract;
  const { unsettled } = BUCKETS;
  const cashDate = contract.cashSettlementDate;
  const client = signed(contract.netAmount, side === 'SELL');
  const street = signed(contract.grossAmount, side === 'BUY');
  const lines: PostingLine[] = [];
  push(lines, accountId, currencyAssetId, unsettled, cashDate, client);
  push(lines, streetAccountId, currencyAssetId, unsettled, cashDate, street);
  for (const fee of contract.fees) {
    push(lines, fee.ledgerAccountId, currencyAssetId, BUCKETS.settled, null, fee.amount);
  }
  const securitiesDate = contract.securitiesSettlementDate;
  const received = signed(contract.quantity, side === 'BUY');
  const asset = contract.instrumentAssetId;
  push(lines, accountId, asset, unsettled, securitiesDate, received);
  push(lines, streetAccountId, asset, unsettled, securitiesDate, negated(received));
  return lines;
}

/** What an agent charges the house for a contract: a fee code with its two house accounts. */
export interface AgentFee {
  readonly expenseAccountId: number;
  readonly payableAccountId: number;
  /** Unsigned, in the trade currency. */
  readonly amount: DecimalString;
}

/**
 * Books what agents charge: the house's expense, owed to the custodian. No client takes part, and
 * it is not due on any settlement date: like fees, it is owed on the trade. Each pair adds up to
 * zero.
 */
export function agentPostings(currencyAssetId: number, fees: readonly AgentFee[]): PostingLine[] {
  const lines: PostingLine[] = [];
  for (const { expenseAccountId, payableAccountId, amount } of fees) {
    const { settled } = BUCKETS;
    push(lines, expenseAccountId, currencyAssetId, settled, null, negated(amount));
    push(lines, payableAccountId, currencyAssetId, settled, null, amount);
  }
  return lines;
}

/** Moves the cash of a booked contract from unsettled to settled, on both sides. */
export function cashSettlementPostings(contract: ContractToPost): PostingLine[] {
  const { side, accountId, streetAccountId, currencyAssetId, cashSettlementDate } = contract;
  const client = signed(contract.netAmount, side === 'SELL');
  const street = signed(contract.grossAmount, side === 'BUY');
  return [
    ...settle(accountId, currencyAssetId, cashSettlementDate, client),
    ...settle(streetAccountId, currencyAssetId, cashSettlementDate, street),
  ];
}

/** Moves the securities of a booked contract from unsettled to settled, on both sides. */
export function securitiesSettlementPostings(contract: ContractToPost): PostingLine[] {
  const { side, accountId, streetAccountId, instrumentAssetId } = contract;
  const day = contract.securitiesSettlementDate;
  const received = signed(contract.quantity, side === 'BUY');
  return [
    ...settle(accountId, instrumentAssetId, day, received),
    ...settle(streetAccountId, instrumentAssetId, day, negated(received)),
  ];
}

/** Throws BOOKS_OUT_OF_BALANCE unless the amounts add up to zero per asset. */
export function assertBalanced(lines: readonly PostingLine[], what: string): void {
  const sums = new Map<number, ExactSum>();
  for (const { assetId, amount } of lines) {
    let sum = sums.get(assetId);
    if (sum === undefined) sums.set(assetId, (sum = new ExactSum()));
    sum.add(amount);
  }
  for (const [assetId, sum] of sums) {
    if (!sum.isZero()) {
      throw new ClearingError('BOOKS_OUT_OF_BALANCE', { what, assetId, sum: sum.toString() });
    }
  }
}

const signed = (amount: DecimalString, isReceived: boolean): DecimalString =>
  isReceived ? amount : negated(amount);

function settle(
  ledgerAccountId: number,
  assetId: number,
  day: BusinessDate,
  amount: DecimalString,
): PostingLine[] {
  const lines: PostingLine[] = [];
  push(lines, ledgerAccountId, assetId, BUCKETS.unsettled, day, negated(amount));
  push(lines, ledgerAccountId, assetId, BUCKETS.settled, null, amount);
  return lines;
}

function push(
  lines: PostingLine[],
  ledgerAccountId: number,
  assetId: number,
  bucket: Bucket,
  settlementDate: BusinessDate | null,
  amount: DecimalString,
): void {
  if (isZeroAmount(amount)) return;
  lines.push({ ledgerAccountId, assetId, bucket, settlementDate, amount });
}
