import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface AmendmentView {
  readonly amendmentId: number;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly ticketId: string;
  readonly originLedgerDate: BusinessDate;
  readonly originContractId: number;
  /** Null until the open date has billed them. */
  readonly offsetContractId: number | null;
  readonly newContractId: number | null;
  readonly reason: string;
  readonly askedBy: string;
  readonly approvedBy: readonly string[];
  readonly amendedAt: string;
  readonly voidedBy: string | null;
  readonly voidedAt: string | null;
}

const SELECT = `SELECT m.amendment_id AS "amendmentId", m.ledger_date AS "ledgerDate", m.flow,
  m.ticket_id AS "ticketId", m.origin_ledger_date AS "originLedgerDate",
  m.origin_contract_id AS "originContractId", m.offset_contract_id AS "offsetContractId",
  m.new_contract_id AS "newContractId", m.reason, m.asked_by AS "askedBy",
  m.approved_by AS "approvedBy", m.amended_at AS "amendedAt", m.voided_by AS "voidedBy",
  m.voided_at AS "voidedAt" FROM amended_contracts m`;

/** Newest first, void ones included. */
export async function readAmendments(
  reader: Reader,
  filter: PageRequest & {
    readonly ledgerDate?: BusinessDate | undefined;
    readonly originContractId?: number | undefined;
  },
): Promise<Page<AmendmentView>> {
  return readPage<AmendmentView>(
    reader,
    {
      list: 'contract amendments',
      select: SELECT,
      conditions: new Conditions()
        .add('m.ledger_date = ?', filter.ledgerDate)
        .add('m.origin_contract_id = ?', filter.originContractId),
      key: [['m.amendment_id', 'bigint']],
      direction: 'DESC',
      keyOf: (row) => [row.amendmentId],
    },
    filter,
  );
}

/** Throws NOT_FOUND. */
export async function readAmendment(reader: Reader, id: number): Promise<AmendmentView> {
  const [row] = await rows<AmendmentView>(reader, `${SELECT} WHERE m.amendment_id = $1`, [id]);
  if (!row) throw new ClearingError('NOT_FOUND', { amendmentId: id });
  return row;
}
