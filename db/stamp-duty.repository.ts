import { asc, eq } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { editOn, stampDutyRefusal } from '../domain/fees/stamp-duty.ts';
import { lockFlow } from './flows.repository.ts';
import { lockOpenLedgerDate } from './open-ledger-date.ts';
import { rows, type Reader } from './queries/rows.ts';
import { stampDutyEdits } from './schema/stamp-duty.ts';
import type { Transaction } from './transaction.ts';

export interface NewStampDutyEdit {
  readonly instrumentId: string;
  readonly ledgerDate: BusinessDate;
  /** null: the flag of the master data counts again. */
  readonly exempt: boolean | null;
  readonly effectiveFrom: BusinessDate;
  readonly expiresOn: BusinessDate;
  readonly reason: string;
  readonly person: string;
  /** By the clock port. */
  readonly now: Date;
}

export interface StampDutyEditView {
  readonly editNo: number;
  readonly exempt: boolean | null;
  readonly effectiveFrom: BusinessDate;
  readonly expiresOn: BusinessDate;
  readonly reason: string;
  readonly ledgerDate: BusinessDate;
  readonly editor: string;
  readonly editedAt: string;
}

export interface StampDutyView {
  readonly instrumentId: string;
  readonly market: string;
  readonly tradeDate: BusinessDate;
  /** The flag as the last sync brought it. */
  readonly masterDataExempt: boolean;
  /** What billing uses for a trade of that date. Only rules of Hong Kong look at it. */
  readonly exempt: boolean;
  /** The edit that counts on the trade date; null = none, or one that leaves it to the flag. */
  readonly editNo: number | null;
  /** Every edit of the instrument, oldest first. */
  readonly edits: readonly StampDutyEditView[];
}

interface Instrument {
  readonly assetId: number;
  readonly market: string;
  readonly flow: string;
  readonly exempt: boolean;
}

async function instrumentOf(reader: Reader, instrumentId: string): Promise<Instrument> {
  const [found] = await rows<Instrument>(
    reader,
    `SELECT asset_id AS "assetId", market, flow, stamp_duty_exempt AS exempt
     FROM instruments JOIN markets USING (market) WHERE instrument_id = $1`,
    [instrumentId],
  );
  if (found === undefined) throw new ClearingError('NOT_FOUND', { instrumentId });
  return found;
}

/** Throws NOT_FOUND for an instrument that no sync brought yet. */
export async function stampDutyOf(
  t: Pick<Transaction, 'tx'> & { readonly client: Reader },
  instrumentId: string,
  tradeDate: BusinessDate,
): Promise<StampDutyView> {
  const { market, exempt: masterDataExempt } = await instrumentOf(t.client, instrumentId);
  const found = await t.tx
    .select()
    .from(stampDutyEdits)
    .where(eq(stampDutyEdits.instrumentId, instrumentId))
    .orderBy(asc(stampDutyEdits.editNo));
  const counting = editOn(found, tradeDate);
  const isOver = counting === undefined || counting.exempt === null;
  return {
    ...{ instrumentId, market, tradeDate, masterDataExempt },
    exempt: counting?.exempt ?? masterDataExempt,
    editNo: isOver ? null : counting.editNo,
    edits: found.map((row) => ({ ...row, editedAt: new Date(row.editedAt).toISOString() })),
  };
}

/**
 * Says for a span of trade dates whether an instrument pays stamp duty, whatever the master data
 * says then; an earlier edit stays as history. Throws LEDGER_DATE_NOT_CURRENT, NOT_FOUND,
 * OUT_OF_RANGE, INSTRUMENT_ALREADY_BILLED or STEP_IN_PROGRESS; then nothing is
 * written. Sent twice it stands twice and means the same.
 */
export async function editStampDuty(t: Transaction, edit: NewStampDutyEdit): Promise<number> {
  const { instrumentId, effectiveFrom, expiresOn, reason, exempt, person } = edit;
  if (expiresOn < effectiveFrom) {
    throw new ClearingError('OUT_OF_RANGE', { field: 'expiresOn', expiresOn, effectiveFrom });
  }
  const ledgerDate = await lockOpenLedgerDate(t.tx, edit.ledgerDate);
  const { assetId, flow } = await instrumentOf(t.client, instrumentId);
  const state = await lockFlow(t.tx, { ledgerDate, flow });
  const refusal = stampDutyRefusal(state, {
    isAhead: effectiveFrom > ledgerDate,
    isBooked: await isBooked(t, ledgerDate, { assetId, effectiveFrom, expiresOn }),
  });
  if (refusal) throw new ClearingError(refusal.code, { instrumentId, ...refusal.details });
  const editedAt = edit.now.toISOString();
  const span = { effectiveFrom, expiresOn };
  const [row] = await t.tx
    .insert(stampDutyEdits)
    .values({ instrumentId, flow, exempt, ...span, reason, ledgerDate, editor: person, editedAt })
    .returning({ editNo: stampDutyEdits.editNo });
  return row?.editNo ?? 0;
}

/** True when a contract of the instrument counts on the ledger date for a trade date of the span. */
async function isBooked(
  t: Transaction,
  ledgerDate: BusinessDate,
  of: {
    readonly assetId: number;
    readonly effectiveFrom: BusinessDate;
    readonly expiresOn: BusinessDate;
  },
): Promise<boolean> {
  const { rows: found } = await t.client.query(
    `SELECT 1 FROM live_contracts WHERE ledger_date = $1 AND asset_id = $2
       AND trade_date BETWEEN $3 AND $4 LIMIT 1`,
    [ledgerDate, of.assetId, of.effectiveFrom, of.expiresOn],
  );
  return found.length > 0;
}
