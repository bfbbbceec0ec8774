import { PASS_KEYS, type FixStatus, type PassKind } from '../../domain/clearing/manual-pass.ts';

/** Who passed something by hand, and by which ticket. */
export interface ManualPassView {
  readonly ticketId: string;
  readonly maker: string;
  readonly approvers: readonly string[];
  readonly passedAt: string;
}

/** What a check or a readiness item shows of the wish to pass it by hand. */
export interface FixView {
  readonly fixStatus: FixStatus;
  /** The newest ticket about just this evidence. */
  readonly fixTicketId: string | null;
  readonly manualPass: ManualPassView | null;
}

/** SQL expressions that say what is asked about; never values from outside. */
export interface FixSubject {
  readonly kind: PassKind;
  readonly ledgerDate: string;
  readonly flow: string;
  readonly item: string;
  readonly evidenceHash: string;
  /** A boolean: false where nothing is to be fixed. */
  readonly isFixable: string;
}

export const FIX_COLUMNS = `f.fix_status AS "fixStatus", f.ticket_id AS "fixTicketId",
  f.manual_pass AS "manualPass"`;

/**
 * Joins `f`: derived from the passes and from the newest ticket about the same evidence, so that it
 * can never disagree with them.
 */
export const joinFix = (of: FixSubject): string => `CROSS JOIN LATERAL (
  SELECT CASE WHEN NOT (${of.isFixable}) THEN 'NONE'
      WHEN p.ticket_id IS NOT NULL THEN 'MANUALLY_PASSED'
      WHEN t.status IN ('PENDING', 'APPROVED', 'EXECUTING') THEN 'PENDING'
      WHEN t.status = 'REJECTED' THEN 'REJECTED' ELSE 'NONE' END AS fix_status,
    coalesce(p.ticket_id, t.ticket_id) AS ticket_id,
    CASE WHEN p.ticket_id IS NOT NULL THEN json_build_object('ticketId', p.ticket_id,
      'maker', p.maker, 'approvers', p.approvers, 'passedAt',
      to_char(p.passed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END AS manual_pass
  FROM (SELECT 1) one
  LEFT JOIN manual_passes p ON ${of.isFixable} AND p.ledger_date = ${of.ledgerDate}
    AND p.flow = ${of.flow} AND p.kind = '${of.kind}' AND p.item = ${of.item}
    AND p.evidence_hash = ${of.evidenceHash}
  LEFT JOIN LATERAL (SELECT t.ticket_id, t.status FROM tickets t
    WHERE ${of.isFixable} AND t.ticket_key = '${PASS_KEYS[of.kind]}' AND t.target_type = '${of.kind}'
      AND t.target_id = ${of.ledgerDate} || '/' || ${of.flow} || '/' || ${of.item}
      AND t.target_version = ${of.evidenceHash}
    ORDER BY t.seq DESC LIMIT 1) t ON true) f`;
