import { and, eq, inArray, isNull } from 'drizzle-orm';
import type pg from 'pg';
import {
  amendmentRefusal,
  otherSide,
  takenBack,
  type AmendedContract,
  type AmendedTerms,
} from '../domain/amendments/amendment.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { Refusal } from '../domain/clearing/guards.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { BilledFee } from '../domain/fees/fee-edit.ts';
import type { DecimalString } from '../domain/money/decimal.ts';
import { supplementOrderId, supplementRefusal } from '../domain/supplements/supplement.ts';
import {
  hasGreyMarket,
  type AccountStatus,
  type Side,
  type TradeStage,
} from '../domain/trades/trade.ts';
import { amendedDates, type TradeDates } from './amended-dates.ts';
import { setAmendedFees, type AmendedFeesEntry } from './amended-fees.ts';
import { isOrderBooked } from './booked-orders.ts';
import { loadFeeCodeIds } from './bulk/billing-queries.ts';
import { feesOf } from './fee-edits.repository.ts';
import { loadFlow, lockFlow } from './flows.repository.ts';
import { executionsOfContracts } from './queries/fees.ts';
import { currentLedgerDate } from './ledger-dates.repository.ts';
import { lockOpenLedgerDate } from './open-ledger-date.ts';
import { contractAmendments, supplements } from './schema/trades.ts';
import { repeatChecks, type Entry } from './supplements.repository.ts';
import type { Transaction } from './transaction.ts';

interface OriginRow extends AmendedContract, TradeDates {
  readonly flow: string;
  readonly market: string;
  /** Several where they were merged. */
  readonly orders: number;
  readonly accountId: number;
  readonly accountNo: string;
  readonly assetId: number;
  readonly side: Side;
  readonly orderChannel: number;
  readonly settlementChannel: string;
  readonly stage: TradeStage;
  readonly grossAmount: DecimalString;
  readonly netAmount: DecimalString;
  readonly feeTotals: string;
}

/** A contract with what was billed: as a person said, else as the rules gave. */
const ORIGIN = `SELECT c.contract_id AS "contractId", c.ledger_date AS "ledgerDate", c.flow,
    c.market, (SELECT count(*) FROM contract_orders o
     WHERE o.ledger_date = c.ledger_date AND o.contract_id = c.contract_id) AS orders, c.source, c.account_id AS "accountId",
    a.account_no AS "accountNo", c.asset_id AS "assetId", c.side, c.trade_date AS "tradeDate",
    c.order_channel AS "orderChannel", c.settlement_channel AS "settlementChannel", c.stage,
    c.gross_amount AS "grossAmount", coalesce(h.net_amount, c.net_amount) AS "netAmount",
    coalesce(h.fee_totals, c.fee_totals) AS "feeTotals",
    c.cash_settlement_date AS "cashSettlementDate",
    c.securities_settlement_date AS "securitiesSettlementDate",
    l.contract_id IS NOT NULL AS counts,
    (SELECT amendment_id FROM contract_amendments m
     WHERE m.origin_contract_id = c.contract_id AND m.voided_at IS NULL) AS "amendmentId"
  FROM ledger_dates d
  JOIN contracts c ON c.ledger_date = d.ledger_date AND c.contract_id = $1
  JOIN accounts a ON a.account_id = c.account_id
  LEFT JOIN live_contracts l ON l.ledger_date = c.ledger_date AND l.contract_id = c.contract_id
  LEFT JOIN hand_prices h ON h.ledger_date = c.ledger_date AND h.contract_id = c.contract_id`;

/** An amendment as it would be booked now. */
export interface PlannedAmendment {
  readonly origin: OriginRow;
  /** The open date, which books it. */
  readonly ledgerDate: BusinessDate;
  /** Of the new contract. */
  readonly terms: Omit<Required<AmendedTerms>, 'fees'> & {
    readonly accountId: number;
    readonly fees: readonly BilledFee[] | undefined;
  };
  readonly fees: readonly BilledFee[];
  readonly refusal: Refusal | undefined;
}

/**
 * Looks at a contract and what shall change. With `lock` the open date and the flow stay as they
 * are until the transaction ends. Throws NOT_FOUND, and what is wrong with a name or a date.
 */
export async function planAmendment(
  t: Transaction,
  contractId: number,
  change: AmendedTerms,
  { lock, now }: { readonly lock: boolean; readonly now: Date },
): Promise<PlannedAmendment> {
  const { rows } = await t.client.query<OriginRow>(ORIGIN, [contractId]);
  const [origin] = rows;
  if (origin === undefined) throw new ClearingError('NOT_FOUND', { contractId });
  const open = await currentLedgerDate(t.tx);
  const ledgerDate = lock ? await lockOpenLedgerDate(t.tx, open) : open;
  const flow = await (lock ? lockFlow : loadFlow)(t.tx, { ledgerDate, flow: origin.flow });
  const { fees, ...named } = change;
  const terms = {
    accountNo: origin.accountNo,
    orderChannel: origin.orderChannel,
    settlementChannel: origin.settlementChannel,
    stage: origin.stage,
    ...named,
    ...(await amendedDates(t, origin, named, { ledgerDate, now })),
  };
  const accountId = await accountOf(t.client, terms.accountNo, origin);
  if (terms.stage === 'GREY' && !hasGreyMarket(origin.market)) {
    throw new ClearingError('OUT_OF_RANGE', { field: 'stage', value: terms.stage });
  }
  const codes = await loadFeeCodeIds(t.client);
  const unknown = fees?.find(({ feeCode }) => !codes.has(feeCode));
  if (unknown) throw new ClearingError('UNKNOWN_FEE_CODE', { feeCode: unknown.feeCode });
  const refusal = amendmentRefusal(origin, ledgerDate, flow, fees);
  return {
    origin,
    ledgerDate,
    terms: { ...terms, accountId, fees },
    fees: feesOf(origin.feeTotals, codes),
    refusal,
  };
}

/** A closed account can give a trade back, and keep its own; it takes none from another. */
async function accountOf(
  client: pg.PoolClient,
  accountNo: string,
  origin: OriginRow,
): Promise<number> {
  const { rows } = await client.query<{ accountId: number; status: AccountStatus }>(
    'SELECT account_id AS "accountId", status FROM accounts WHERE account_no = $1',
    [accountNo],
  );
  const [account] = rows;
  if (account === undefined) throw new ClearingError('UNKNOWN_ACCOUNT', { accountNo });
  if (account.status === 'CLOSED' && account.accountId !== origin.accountId) {
    throw new ClearingError('ACCOUNT_CLOSED', { accountNo });
  }
  return account.accountId;
}

export interface Amendment {
  readonly amendmentId: number;
  readonly ledgerDate: BusinessDate;
  readonly offsetOrderId: string;
  readonly newOrderId: string;
}

interface AmendmentEntry extends AmendedFeesEntry {
  readonly approvers: readonly string[];
}

type HalfTerms = TradeDates &
  Pick<OriginRow, 'accountId' | 'side' | 'orderChannel' | 'settlementChannel' | 'stage'>;

/**
 * Enters an amendment on the open ledger date: what takes the contract back, with the fees that it
 * was charged, and what stands in its place. Sync and pre-check of the flow have to be repeated,
 * and its next billing makes the two contracts. `planned` was looked at under lock. Once a ticket.
 */
export async function enterAmendment(
  t: Transaction,
  { origin, ledgerDate, terms, fees }: PlannedAmendment,
  entry: AmendmentEntry,
): Promise<Amendment> {
  const { ticketId, reason, approvers, person, now } = entry;
  const flow = await lockFlow(t.tx, { ledgerDate, flow: origin.flow });
  const half = async (
    source: 'AMENDMENT_REVERSE' | 'AMENDMENT_NEW',
    own: HalfTerms,
  ): Promise<number> => {
    const { accountId, side, orderChannel, settlementChannel, stage } = own;
    const { tradeDate, cashSettlementDate, securitiesSettlementDate } = own;
    const [row] = await t.tx
      .insert(supplements)
      .values({
        ...{ source, ledgerDate, accountId, side, orderChannel, settlementChannel },
        ...{ cashSettlementDate, securitiesSettlementDate, stage },
        requestId: `${ticketId}/${source}`,
        ...{ flow: origin.flow, generation: flow.generation },
        market: origin.market,
        assetId: origin.assetId,
        tradeDate,
        enteredBy: person,
        enteredAt: now.toISOString(),
      })
      .returning({ supplementId: supplements.supplementId });
    if (!row) throw new ClearingError('INTERNAL', { what: 'amendment' });
    await copyExecutions(t.client, row.supplementId, origin);
    return row.supplementId;
  };
  const reversal = { ...origin, side: otherSide(origin.side) };
  const offsetSupplementId = await half('AMENDMENT_REVERSE', reversal);
  const replacement = { ...terms, side: origin.side };
  const newSupplementId = await half('AMENDMENT_NEW', replacement);
  await setAmendedFees(
    t,
    offsetSupplementId,
    { ...reversal, ledgerDate, fees: takenBack(fees) },
    entry,
  );
  if (terms.fees) {
    const { side, grossAmount } = origin;
    await setAmendedFees(
      t,
      newSupplementId,
      { side, grossAmount, ledgerDate, fees: terms.fees },
      entry,
    );
  }
  const [amendment] = await t.tx
    .insert(contractAmendments)
    .values({
      ...{ ticketId, ledgerDate, offsetSupplementId, newSupplementId, reason },
      flow: origin.flow,
      originLedgerDate: origin.ledgerDate,
      originContractId: origin.contractId,
      askedBy: person,
      approvedBy: approvers,
      amendedAt: now.toISOString(),
    })
    .returning({ amendmentId: contractAmendments.amendmentId });
  await repeatChecks(t, flow);
  return {
    amendmentId: amendment?.amendmentId ?? 0,
    ledgerDate,
    offsetOrderId: supplementOrderId(offsetSupplementId),
    newOrderId: supplementOrderId(newSupplementId),
  };
}

async function copyExecutions(
  client: pg.PoolClient,
  supplementId: number,
  { ledgerDate, contractId }: OriginRow,
): Promise<void> {
  await client.query(
    `INSERT INTO supplement_executions (supplement_id, execution_no, serial, quantity, price)
     SELECT $2, "executionNo", NULL, quantity, price FROM (${executionsOfContracts('= $3')}) x`,
    [ledgerDate, supplementId, contractId],
  );
}

/**
 * Takes an amendment back before it is billed, in the window of supplements. One that is void stays
 * as it is: false. Throws NOT_FOUND, SUPPLEMENT_WINDOW_CLOSED, ORDER_ALREADY_BILLED.
 */
export async function voidAmendment(
  t: Transaction,
  amendmentId: number,
  { person, now }: Entry,
): Promise<boolean> {
  const byId = eq(contractAmendments.amendmentId, amendmentId);
  const [row] = await t.tx.select().from(contractAmendments).where(byId);
  if (!row) throw new ClearingError('NOT_FOUND', { amendmentId });
  const ledgerDate = await lockOpenLedgerDate(t.tx, row.ledgerDate);
  const flow = await lockFlow(t.tx, { ledgerDate, flow: row.flow });
  const voided = { voidedBy: person, voidedAt: now.toISOString() };
  const halves = [row.offsetSupplementId, row.newSupplementId];
  for (const orderId of halves.map(supplementOrderId)) {
    if (await isOrderBooked(t, ledgerDate, orderId)) {
      throw new ClearingError('ORDER_ALREADY_BILLED', { amendmentId, orderId });
    }
  }
  const refusal = supplementRefusal(flow);
  if (refusal) throw new ClearingError(refusal.code, refusal.details);
  const changed = await t.tx
    .update(contractAmendments)
    .set(voided)
    .where(and(byId, isNull(contractAmendments.voidedAt)))
    .returning({ amendmentId: contractAmendments.amendmentId });
  if (changed.length === 0) return false;
  await t.tx.update(supplements).set(voided).where(inArray(supplements.supplementId, halves));
  await t.client.query(
    `INSERT INTO fee_edits (hand_price_no, ledger_date, flow, account_id, order_id, trade_date,
       action, trade, reason, editor, edited_at, contract_id)
     SELECT DISTINCT ON (hand_price_no) hand_price_no, ledger_date, flow, account_id, order_id,
       trade_date, 'UNPIN', trade, 'the amendment is void', $3, $4::timestamptz, contract_id
     FROM fee_edits WHERE ledger_date = $1 AND order_id = ANY($2)
     ORDER BY hand_price_no, edit_no DESC`,
    [ledgerDate, halves.map(supplementOrderId), person, now.toISOString()],
  );
  await repeatChecks(t, flow);
  return true;
}
