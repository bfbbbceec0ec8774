import type pg from 'pg';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { Refusal } from '../domain/clearing/guards.ts';
import type { FlowState } from '../domain/clearing/flow-state.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import {
  billOf,
  editedFees,
  feeEditRefusal,
  handPriceRefusal,
  type BilledFee,
  type EditedContract,
  type FeeEdit,
  type FeeEditAction,
} from '../domain/fees/fee-edit.ts';
import type { DecimalString } from '../domain/money/decimal.ts';
import type { Side, TradeSource } from '../domain/trades/trade.ts';
import { loadFeeCodeIds } from './bulk/billing-queries.ts';
import { mergingInputs } from './bulk/merging.ts';
import { newestEditNo } from './bulk/newest-edit.ts';
import { countingRuns, postedSyncRuns } from './bulk/run-history.ts';
import { CONTRACT_DIGEST, tradesToBill } from './bulk/trades-to-bill.ts';
import { lockFlow } from './flows.repository.ts';
import { lockOpenLedgerDate } from './open-ledger-date.ts';
import type { Transaction } from './transaction.ts';

/** Who decides about the fees of a contract, and what they saw. */
export interface FeeDecision {
  readonly contractId: number;
  /** The newest edit that the screen showed; 0 = none. */
  readonly revision: number;
  readonly reason: string;
  readonly person: string;
  /** By the clock port. */
  readonly now: Date;
}

interface ContractRow extends EditedContract {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly accountId: number;
  readonly orderId: string;
  readonly tradeDate: BusinessDate;
  readonly side: Side;
  readonly grossAmount: DecimalString;
  readonly pricedTotals: string;
  readonly trade: string;
  readonly source: TradeSource;
}

const CONTRACT = `SELECT c.contract_id AS "contractId", c.ledger_date AS "ledgerDate", c.flow,
    c.account_id AS "accountId", c.order_id AS "orderId", c.trade_date AS "tradeDate", c.side,
    c.gross_amount AS "grossAmount", c.fee_totals AS "pricedTotals",
    s.contract_id IS NOT NULL AS counts, coalesce(s.posted, false) AS posted,
    ${CONTRACT_DIGEST} AS trade, c.source
  FROM ledger_dates d
  JOIN contracts c ON c.ledger_date = d.ledger_date AND c.contract_id = $1
  LEFT JOIN contract_states s ON s.ledger_date = c.ledger_date AND s.contract_id = c.contract_id`;

interface EditRow {
  readonly editNo: number;
  readonly handPriceNo: number;
  readonly feeTotals: string | null;
  readonly trade: string;
}

/** False for the row that gave a price up. */
const isPrice = (row: EditRow): row is EditRow & { readonly feeTotals: string } =>
  row.feeTotals !== null;

const NEWEST_EDIT = `SELECT edit_no AS "editNo", hand_price_no AS "handPriceNo",
    fee_totals AS "feeTotals", trade
  FROM fee_edits WHERE contract_id = $1 ORDER BY edit_no DESC LIMIT 1`;

/**
 * Adds a fee to a contract, changes its amount or deletes it. From then on the contract is priced
 * by hand, until somebody unpins it. Throws NOT_FOUND, FEE_EDIT_AFTER_POSTING, STEP_IN_PROGRESS,
 * LEDGER_DATE_NOT_CURRENT, CONTRACT_DISCARDED, PART_OF_AMENDMENT, VERSION_CONFLICT,
 * UNKNOWN_FEE_CODE, and what `editedFees` says; then nothing is written. Not twice: a repetition
 * shows a stale revision.
 */
export async function editFees(t: Transaction, decision: FeeDecision, edit: FeeEdit) {
  const { contract, newest } = await openForDecision(t, decision, feeEditRefusal);
  const codes = await loadFeeCodeIds(t.client);
  if (!codes.has(edit.feeCode)) {
    throw new ClearingError('UNKNOWN_FEE_CODE', { feeCode: edit.feeCode });
  }
  const before = feesOf(newest?.feeTotals ?? contract.pricedTotals, codes);
  const after = editedFees(before, edit);
  await insertEdit(t.client, contract, decision, {
    action: edit.action,
    handPriceNo: newest && isPrice(newest) ? newest.handPriceNo : undefined,
    feeCodeId: codes.get(edit.feeCode),
    bill: { feeTotals: totalsOf(after, codes), ...billOf(contract, after) },
    trade: contract.trade,
  });
  return contract;
}

/**
 * Gives a hand price up: what the rules gave counts again, and the next billing prices freely.
 * Possible until posting, also while billing waits for it. Throws NOT_PRICED_BY_HAND beside what
 * `editFees` throws.
 */
export async function unpinFees(t: Transaction, decision: FeeDecision) {
  const { contract, newest } = await openForDecision(t, decision, handPriceRefusal);
  const { handPriceNo } = await standingPrice(t, contract, newest);
  await insertEdit(t.client, contract, decision, {
    action: 'UNPIN',
    handPriceNo,
    bill: undefined,
    trade: contract.trade,
  });
  return contract;
}

/**
 * Says that a hand price holds for the trade as the newest snapshot has it, after the trade had
 * changed. Throws HAND_PRICE_NOT_STALE when it had not, NOT_FOUND when it is gone: then the price
 * can only be given up.
 */
export async function confirmHandPrice(t: Transaction, decision: FeeDecision) {
  const { contract, newest } = await openForDecision(t, decision, handPriceRefusal);
  const price = await standingPrice(t, contract, newest);
  const trades = await tradesNow(t.client, contract);
  if (trades.includes(price.trade)) {
    throw new ClearingError('HAND_PRICE_NOT_STALE', { contractId: contract.contractId });
  }
  const [trade] = await withoutPrice(t.client, contract, trades);
  if (trade === undefined) {
    const { contractId, orderId, tradeDate } = contract;
    throw new ClearingError('NOT_FOUND', { contractId, orderId, tradeDate, what: 'the trade' });
  }
  const codes = await loadFeeCodeIds(t.client);
  await insertEdit(t.client, contract, decision, {
    action: 'CONFIRM',
    handPriceNo: price.handPriceNo,
    bill: { feeTotals: price.feeTotals, ...billOf(contract, feesOf(price.feeTotals, codes)) },
    trade,
  });
  return contract;
}

type Rule = (flow: FlowState, contract: EditedContract) => Refusal | undefined;

/** Locks the ledger date and the flow, so that no step opens meanwhile, and asks the rule. */
async function openForDecision(t: Transaction, decision: FeeDecision, rule: Rule) {
  const { contractId, revision: revisionSeen } = decision;
  const { ledgerDate, flow, posted } = await loadContract(t.client, contractId);
  try {
    await lockOpenLedgerDate(t.tx, ledgerDate);
  } catch (error) {
    // Of a date that is cut the better answer is the one about the contract.
    if (!posted || !(error instanceof ClearingError)) throw error;
    throw new ClearingError('FEE_EDIT_AFTER_POSTING', {
      contractId,
      ledgerDate,
      offers: ['amendment'],
    });
  }
  const state = await lockFlow(t.tx, { ledgerDate, flow });
  // Read again under the lock: a step may have ended meanwhile.
  const contract = await loadContract(t.client, contractId);
  const refusal = rule(state, contract);
  if (refusal) throw new ClearingError(refusal.code, refusal.details);
  if (contract.source === 'AMENDMENT_REVERSE') {
    throw new ClearingError('PART_OF_AMENDMENT', { contractId });
  }
  const { rows } = await t.client.query<EditRow>(NEWEST_EDIT, [contractId]);
  const newest = rows[0];
  const revision = newest?.editNo ?? 0;
  if (revisionSeen !== revision) {
    throw new ClearingError('VERSION_CONFLICT', { contractId, revisionSeen, revision });
  }
  return { contract, newest };
}

async function loadContract(client: pg.PoolClient, contractId: number): Promise<ContractRow> {
  const { rows } = await client.query<ContractRow>(CONTRACT, [contractId]);
  const [row] = rows;
  if (row === undefined) throw new ClearingError('NOT_FOUND', { contractId });
  return row;
}

/** The hand price of a contract, if its newest row is on it and not on a contract after it. */
async function standingPrice(t: Transaction, contract: ContractRow, newest: EditRow | undefined) {
  const { contractId } = contract;
  if (!newest || !isPrice(newest)) throw new ClearingError('NOT_PRICED_BY_HAND', { contractId });
  const { rows } = await t.client.query<{ contractId: number }>(
    `SELECT contract_id AS "contractId" FROM fee_edits
     WHERE ledger_date = $1 AND flow = $2 AND hand_price_no = $3 ORDER BY edit_no DESC LIMIT 1`,
    [contract.ledgerDate, contract.flow, newest.handPriceNo],
  );
  const now = rows[0]?.contractId;
  if (now !== contractId) throw new ClearingError('CONTRACT_DISCARDED', { contractId, now });
  return newest;
}

/** The trades that the contract's order is part of, as billing would take them now. */
async function tradesNow(client: pg.PoolClient, contract: ContractRow): Promise<string[]> {
  const { ledgerDate, flow, orderId, tradeDate, accountId } = contract;
  const posted = await postedSyncRuns(client, contract);
  const syncRunIds = (await countingRuns(client, contract, 'sync'))
    .map(({ stepRunId }) => stepRunId)
    .filter((id) => !posted.includes(id));
  const trades = await tradesToBill(
    client,
    {
      ...{ ledgerDate, flow, syncRunIds },
      merging: await mergingInputs(client, contract, syncRunIds),
      maxEditNo: await newestEditNo(client, 'order_channel_edits', contract),
    },
    { orderIds: [orderId], accountIds: [accountId] },
  );
  return trades
    .filter(({ orders }) =>
      orders.some((each) => each.orderId === orderId && each.tradeDate === tradeDate),
    )
    .map(({ trade }) => trade);
}

/** Those that no other hand price was made for. */
async function withoutPrice(
  client: pg.PoolClient,
  { ledgerDate, flow }: ContractRow,
  trades: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ trade: string }>(
    `SELECT DISTINCT trade FROM fee_edits e
     WHERE ledger_date = $1 AND flow = $2 AND trade = ANY($3) AND fee_totals IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM fee_edits l WHERE l.ledger_date = $1 AND l.flow = $2
         AND l.hand_price_no = e.hand_price_no AND l.edit_no > e.edit_no)`,
    [ledgerDate, flow, [...trades]],
  );
  return trades.filter((trade) => !rows.some((row) => row.trade === trade));
}

/** As contracts.fee_totals. */
export const totalsOf = (fees: readonly BilledFee[], codes: ReadonlyMap<string, number>): string =>
  fees.map(({ feeCode, amount }) => `${codes.get(feeCode) ?? ''}:${amount}`).join(' ');

/** Of contracts.fee_totals. */
export function feesOf(totals: string, codes: ReadonlyMap<string, number>): BilledFee[] {
  const names = new Map([...codes].map(([feeCode, id]) => [String(id), feeCode]));
  if (totals === '') return [];
  return totals.split(' ').map((part) => {
    const [id = '', amount = ''] = part.split(':');
    return { feeCode: names.get(id) ?? '', amount };
  });
}

interface NewEdit {
  readonly action: FeeEditAction;
  /** Undefined = the first edit of a hand price. */
  readonly handPriceNo: number | undefined;
  readonly feeCodeId?: number | undefined;
  readonly bill:
    | {
        readonly feeTotals: string;
        readonly feeAmount: DecimalString;
        readonly netAmount: DecimalString;
      }
    | undefined;
  readonly trade: string;
}

async function insertEdit(
  client: pg.PoolClient,
  contract: ContractRow,
  { reason, person, now }: FeeDecision,
  { action, handPriceNo, feeCodeId, bill, trade }: NewEdit,
): Promise<void> {
  await client.query(
    `INSERT INTO fee_edits (edit_no, hand_price_no, ledger_date, flow, contract_id, account_id,
       order_id, trade_date, action, fee_code_id, fee_totals, fee_amount, net_amount, trade, reason,
       editor, edited_at)
     SELECT n, coalesce($1::bigint, n), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
       $15, $16
     FROM (SELECT nextval(pg_get_serial_sequence('fee_edits', 'edit_no')) AS n) s`,
    [
      handPriceNo ?? null,
      contract.ledgerDate,
      contract.flow,
      contract.contractId,
      contract.accountId,
      contract.orderId,
      contract.tradeDate,
      action,
      feeCodeId ?? null,
      bill?.feeTotals ?? null,
      bill?.feeAmount ?? null,
      bill?.netAmount ?? null,
      trade,
      reason,
      person,
      now.toISOString(),
    ],
  );
}
