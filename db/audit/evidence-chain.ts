import {
  stretchesOf,
  type EvidenceEvent,
  type EvidenceRoot,
  type EvidenceSegment,
} from '../../domain/audit/evidence.ts';
import { NO_HASH, hexOf } from '../../domain/audit/digest.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { rows, type Reader } from '../queries/rows.ts';

const ROOTS = `SELECT root_no AS "rootNo", ledger_date AS "ledgerDate",
    encode(previous_root, 'hex') AS "previousRoot", last_step_run_id AS "lastStepRunId", seals,
    journals, encode(journals_root, 'hex') AS "journalsRoot", audit_seq AS "auditSeq",
    encode(audit_hash, 'hex') AS "auditHash", encode(root, 'hex') AS root
  FROM daily_roots ORDER BY root_no`;

/** Every daily root, oldest first: whichever of them an auditor kept, the pack can be held to it. */
export const readRoots = (reader: Reader): Promise<EvidenceRoot[]> =>
  rows<EvidenceRoot>(reader, ROOTS);

/** What the events are about that belong to a ledger entry. */
export interface EventsOfInterest {
  readonly ledgerDate: BusinessDate;
  readonly stepRunId: number;
  readonly commandIds: readonly string[];
  readonly ticketIds: readonly string[];
  readonly runIds: readonly string[];
  readonly bundleHashes: readonly string[];
  /** Of the contract, for edits of their channels. */
  readonly orderIds: readonly string[];
}

const EVENTS = `SELECT c.seq, audit_event_text(e) AS text
  FROM audit_events e JOIN audit_chain c ON c.event_id = e.event_id
  WHERE e.command_id = ANY($1) OR e.ticket_id = ANY($2)
    OR e.action = 'history.archived' AND e.run_id = ANY($3)
    OR e.target_type = 'workflow_bundle' AND e.target_id = ANY($4)
    OR e.target_type = 'step_run' AND e.target_id = $5
    OR e.target_type = 'order' AND e.target_id = ANY($6) AND e.ledger_date = $7
    OR e.action = 'ledger_date.rooted' AND e.ledger_date = $7
  ORDER BY c.seq`;

export const readEvents = (reader: Reader, of: EventsOfInterest): Promise<EvidenceEvent[]> =>
  rows<EvidenceEvent>(reader, EVENTS, [
    of.commandIds,
    of.ticketIds,
    of.runIds,
    of.bundleHashes,
    String(of.stepRunId),
    of.orderIds,
    of.ledgerDate,
  ]);

const LINKS = `SELECT encode(content_hash, 'hex') AS content, encode(prev_hash, 'hex') AS before
  FROM audit_chain WHERE seq BETWEEN $1 AND $2 ORDER BY seq`;

interface Link {
  readonly content: string;
  readonly before: string;
}

/** The stretches of the chain from the events to the daily roots that bind them. */
export async function readSegments(
  reader: Reader,
  events: readonly EvidenceEvent[],
  roots: readonly EvidenceRoot[],
  head: { readonly seq: number },
): Promise<EvidenceSegment[]> {
  const segments: EvidenceSegment[] = [];
  for (const { seq, rootNo } of stretchesOf(
    events.map((event) => event.seq),
    roots,
  )) {
    const to = roots.find((root) => root.rootNo === rootNo)?.auditSeq ?? head.seq;
    const links = await rows<Link>(reader, LINKS, [seq, to]);
    const [first] = links;
    const contents = links.map(({ content }) => content);
    segments.push({ from: seq, before: first?.before ?? hexOf(NO_HASH), contents, rootNo });
  }
  return segments;
}

const HEAD = `SELECT seq, encode(hash, 'hex') AS hash FROM audit_head`;

/** Where the chain ends now. */
export async function readHead(reader: Reader): Promise<{ seq: number; hash: string }> {
  const [head] = await rows<{ seq: number; hash: string }>(reader, HEAD);
  if (!head) throw new Error('the audit chain has no head');
  return head;
}
