import type pg from 'pg';
import { eventText, type StoredEvent } from '../../domain/audit/canonical-text.ts';
import { digestOfText, hexOf } from '../../domain/audit/digest.ts';
import type { Finding } from '../../domain/audit/finding.ts';
import {
  EMPTY_CHAIN,
  headFinding,
  linkFinding,
  type ChainHead,
  type ChainLink,
} from '../../domain/audit/hash-chain.ts';
import { copyOut } from '../bulk/copy-stream.ts';
import { fromCopyField, COPY_NULL } from '../bulk/copy-buffer.ts';
import { sha256 } from './sha256.ts';

const hex = (column: string): string => `encode(${column}, 'hex')`;

/** As in audit_event_text; read without it, since a function can be replaced. */
const LINES = `SELECT c.seq, c.event_id AS of, ${hex('c.content_hash')} AS content,
    ${hex('c.prev_hash')} AS prev, ${hex('c.hash')} AS hash,
    e.event_id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
    to_char(e.ledger_date, 'YYYY-MM-DD') AS ledger_date, e.covers, e.person, e.account, e.action,
    e.outcome, e.code, e.permission, e.target_type, e.target_id, e.before, e.after, e.ticket_id,
    e.command_id, e.workflow_id, e.run_id, e.request_id
  FROM audit_chain c FULL JOIN audit_events e ON e.event_id = c.event_id
  ORDER BY c.seq NULLS LAST, e.event_id`;

type Fields = readonly (string | null)[];

const LINK_FIELDS = 5;

function linkOf([seq, eventId, content, prev, own]: Fields): ChainLink | undefined {
  if (seq === null) return undefined;
  const bytes = (text: string | null | undefined): Buffer => Buffer.from(text ?? '', 'hex');
  return {
    seq: Number(seq),
    eventId: Number(eventId),
    contentHash: bytes(content),
    prevHash: bytes(prev),
    hash: bytes(own),
  };
}

function eventOf(fields: Fields): StoredEvent | undefined {
  const [id, at, ledgerDate, covers, person, account, action, outcome, code, permission, ...more] =
    fields.slice(LINK_FIELDS);
  const [targetType, targetId, before, after, ticketId, commandId, workflowId, runId, requestId] =
    more;
  if (id === null || id === undefined) return undefined;
  return {
    eventId: Number(id),
    at: at ?? '',
    ledgerDate: ledgerDate ?? null,
    covers: covers ?? null,
    person: person ?? '',
    account: account ?? null,
    action: action ?? '',
    outcome: outcome ?? '',
    code: code ?? null,
    permission: permission ?? null,
    targetType: targetType ?? '',
    targetId: targetId ?? '',
    before: before ?? null,
    after: after ?? null,
    ticketId: ticketId ?? null,
    commandId: commandId ?? null,
    workflowId: workflowId ?? null,
    runId: runId ?? null,
    requestId: requestId ?? null,
  };
}

/** Walks the links in order and keeps the first thing that is wrong. */
class ChainWalk {
  private readonly head: ChainHead | undefined;
  private last: ChainHead = EMPTY_CHAIN;
  private atHead: Uint8Array | undefined;
  private first: Finding | undefined;
  /** The first link without its event. */
  private orphan: ChainLink | undefined;
  private unlinked: Finding | undefined;
  events = 0;

  constructor(head: ChainHead | undefined) {
    this.head = head;
    if (head?.seq === 0) this.atHead = EMPTY_CHAIN.hash;
  }

  take(link: ChainLink | undefined, event: StoredEvent | undefined): void {
    const content = event && digestOfText(eventText(event), sha256);
    if (event) this.events += 1;
    if (link === undefined) {
      if (event && content) this.takeUnlinked(event.eventId, content);
      return;
    }
    if (link.seq === this.head?.seq) this.atHead = link.hash;
    if (this.first) return;
    this.first = linkFinding(this.last, link, content, sha256);
    if (this.first && content === undefined) this.orphan = link;
    this.last = link;
  }

  private takeUnlinked(eventId: number, content: Uint8Array): void {
    const { orphan } = this;
    if (orphan && hexOf(orphan.contentHash) === hexOf(content)) {
      const detail = `its event is ${eventId}, not ${orphan.eventId}`;
      this.first = { table: 'audit_chain', key: `seq ${orphan.seq}`, fault: 'changed', detail };
    }
    const key = `event_id ${eventId}`;
    const detail = 'no link of the chain stands for it';
    this.unlinked ??= { table: 'audit_events', key, fault: 'inserted', detail };
  }

  get finding(): Finding | undefined {
    return this.first ?? headFinding(this.last, this.head, this.atHead) ?? this.unlinked;
  }
}

export interface ChainCheck {
  readonly events: number;
  readonly finding: Finding | undefined;
}

/** Hashes every event again and follows the chain from its first link to its head. */
export async function verifyChain(client: pg.ClientBase): Promise<ChainCheck> {
  const { rows } = await client.query<ChainHead>('SELECT seq, hash FROM audit_head WHERE one');
  const walk = new ChainWalk(rows[0]);
  await copyOut(client, LINES, (line) => {
    const fields = line
      .split('\t')
      .map((field) => (field === COPY_NULL ? null : fromCopyField(field)));
    walk.take(linkOf(fields), eventOf(fields));
    return undefined;
  });
  return { events: walk.events, finding: walk.finding };
}
