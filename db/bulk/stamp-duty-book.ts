import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { editOn, type StampDutyEdit } from '../../domain/fees/stamp-duty.ts';
import { groupRows } from '../queries/group-rows.ts';
import type { InstrumentRow } from './billing-queries.ts';

/** The newest edit of a flow's instruments; 0 = there is none. */
export async function maxStampDutyEditNo(client: pg.PoolClient, flow: string): Promise<number> {
  const { rows } = await client.query<{ max: number }>(
    'SELECT coalesce(max(edit_no), 0) AS max FROM stamp_duty_edits WHERE flow = $1',
    [flow],
  );
  return rows[0]?.max ?? 0;
}

/** The edits that a run may see; without a number, all of them. */
export async function loadStampDutyEdits(
  client: pg.PoolClient | pg.Pool,
  flow: string,
  upTo = Number.MAX_SAFE_INTEGER,
): Promise<StampDutyEdit[]> {
  const { rows } = await client.query<StampDutyEdit>(
    `SELECT edit_no AS "editNo", instrument_id AS "instrumentId", exempt,
       effective_from AS "effectiveFrom", expires_on AS "expiresOn"
     FROM stamp_duty_edits WHERE flow = $1 AND edit_no <= $2::bigint`,
    [flow, upTo],
  );
  return rows;
}

/** Instruments as edits leave them: few have one, and asking about the others costs one look. */
export class StampDutyBook {
  private readonly edits: ReadonlyMap<string, readonly StampDutyEdit[]>;

  constructor(edits: readonly StampDutyEdit[]) {
    this.edits = groupRows(edits, ({ instrumentId }) => instrumentId);
  }

  /** The row itself where no edit counts on the trade date. */
  asEdited(instrument: InstrumentRow, tradeDate: BusinessDate): InstrumentRow {
    const edits = this.edits.size === 0 ? undefined : this.edits.get(instrument.instrumentId);
    const exempt = edits && editOn(edits, tradeDate)?.exempt;
    if (typeof exempt !== 'boolean' || exempt === instrument.stampDutyExempt) return instrument;
    // Other plans than those of instruments of the same kind.
    return { ...instrument, stampDutyExempt: exempt, kind: `${instrument.kind}|${exempt}` };
  }
}
