import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { DecisionKind, TicketStatus } from '../../domain/tickets/ticket.ts';
import type { TicketNode } from '../../domain/tickets/ticket-flow.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

type Facts = Readonly<Record<string, unknown>>;

export interface StoredTicket {
  readonly ticketId: string;
  readonly seq: number;
  readonly key: string;
  readonly targetType: string;
  readonly targetId: string;
  readonly target: Facts;
  readonly targetVersion: string;
  readonly ledgerDate: BusinessDate | null;
  readonly flow: string | null;
  readonly payload: Facts;
  readonly payloadHash: string;
  readonly before: Facts;
  readonly after: Facts;
  readonly amount: DecimalString | null;
  readonly currency: string | null;
  readonly level: number;
  readonly reason: string;
  readonly maker: string;
  readonly makerAccount: string;
  readonly flowKey: string;
  readonly flowVersion: number;
  readonly nodes: readonly TicketNode[];
  readonly node: number;
  readonly autoApproved: boolean;
  readonly status: TicketStatus;
  readonly reminders: number;
  readonly escalated: boolean;
  readonly revision: number;
  readonly createdAt: string;
  readonly nodeSince: string;
  readonly expiresAt: string;
  readonly finalAt: string | null;
  readonly resultCode: string | null;
  readonly result: Facts | null;
}

const SELECT = `SELECT t.ticket_id AS "ticketId", t.seq, t.ticket_key AS key,
  t.target_type AS "targetType", t.target_id AS "targetId", t.target,
  t.target_version AS "targetVersion", t.ledger_date AS "ledgerDate", t.flow, t.payload,
  t.payload_hash AS "payloadHash", t.before, t.after, t.amount, t.currency, t.level, t.reason,
  t.maker, t.maker_account AS "makerAccount", t.flow_key AS "flowKey",
  t.flow_version AS "flowVersion", t.nodes, t.node, t.auto_approved AS "autoApproved", t.status,
  t.reminders, t.escalated, t.revision, t.created_at AS "createdAt",
  t.node_since AS "nodeSince", t.expires_at AS "expiresAt", t.final_at AS "finalAt",
  t.result_code AS "resultCode", t.result FROM tickets t`;

/** Who looks for what they could decide: with the keys whose targets they may see. */
export interface Decider {
  readonly person: string;
  readonly roles: readonly string[];
  readonly keys: readonly string[];
}

export interface TicketFilter extends PageRequest {
  readonly key?: string | undefined;
  readonly status?: TicketStatus | undefined;
  readonly targetType?: string | undefined;
  readonly targetId?: string | undefined;
  readonly ledgerDate?: BusinessDate | undefined;
  readonly maker?: string | undefined;
  readonly decidableBy?: Decider | undefined;
}

const WAITING_NODE = 't.nodes -> t.node';

/** Tickets whose present node waits for this person, as far as a query can tell. */
function decidable(conditions: Conditions, { person, roles, keys }: Decider): Conditions {
  return conditions
    .add(`t.status = 'PENDING' AND t.expires_at > now() AND t.maker <> ?`, person)
    .add('t.ticket_key = ANY(?)', keys)
    .add(
      `(jsonb_exists(${WAITING_NODE} -> 'people', ?)
        OR jsonb_exists_any(${WAITING_NODE} -> 'roles', ?)
        OR (t.escalated
          AND jsonb_exists_any(${WAITING_NODE} #> '{timeout,escalateToRoles}', ?)))`,
      person,
      roles,
      roles,
    )
    .add(
      `NOT EXISTS (SELECT 1 FROM ticket_decisions d WHERE d.ticket_id = t.ticket_id
         AND d.person = ? AND d.counted IS NOT FALSE)`,
      person,
    );
}

/** Newest first. */
export function readTickets(reader: Reader, filter: TicketFilter): Promise<Page<StoredTicket>> {
  const conditions = new Conditions()
    .add('t.ticket_key = ?', filter.key)
    .add('t.status = ?', filter.status)
    .add('t.target_type = ?', filter.targetType)
    .add('t.target_id = ?', filter.targetId)
    .add('t.ledger_date = ?', filter.ledgerDate)
    .add('t.maker = ?', filter.maker);
  return readPage<StoredTicket>(
    reader,
    {
      list: 'tickets',
      select: SELECT,
      conditions: filter.decidableBy ? decidable(conditions, filter.decidableBy) : conditions,
      key: [['t.seq', 'bigint']],
      direction: 'DESC',
      keyOf: (row) => [row.seq],
    },
    filter,
  );
}

/** Throws NOT_FOUND. */
export async function readTicket(reader: Reader, ticketId: string): Promise<StoredTicket> {
  const [row] = await rows<StoredTicket>(reader, `${SELECT} WHERE t.ticket_id = $1`, [ticketId]);
  if (!row) throw new ClearingError('NOT_FOUND', { ticketId });
  return row;
}

export interface StoredDecision {
  readonly decisionId: number;
  readonly kind: DecisionKind;
  readonly node: number;
  readonly person: string;
  readonly account: string;
  readonly reason: string;
  readonly byEscalation: boolean;
  readonly decidedAt: string;
  readonly takenAt: string | null;
  readonly counted: boolean | null;
  readonly ignoredBecause: string | null;
}

/** In the order in which they were made. */
export const readDecisions = (reader: Reader, ticketId: string): Promise<StoredDecision[]> =>
  rows<StoredDecision>(
    reader,
    `SELECT decision_id AS "decisionId", kind, node, person, account, reason,
       by_escalation AS "byEscalation", decided_at AS "decidedAt", taken_at AS "takenAt", counted,
       ignored_because AS "ignoredBecause"
     FROM ticket_decisions WHERE ticket_id = $1 ORDER BY decision_id`,
    [ticketId],
  );
