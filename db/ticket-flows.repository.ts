import { desc, eq, inArray, sql } from 'drizzle-orm';
import {
  DEFAULT_FLOW_KEY,
  type KnownApprovers,
  type TicketFlow,
} from '../domain/tickets/ticket-flow.ts';
import { canonicalJson } from '../domain/tickets/frozen.ts';
import type { Tx } from './client.ts';
import { people, roles } from './schema/people.ts';
import { ticketFlows } from './schema/tickets.ts';
import type { Transaction } from './transaction.ts';

export type ApprovalFlowRow = typeof ticketFlows.$inferSelect;

const APPROVAL_FLOW_LOCKS = 7712;

/** The flow of a key, or the default one; undefined when there is neither. */
export async function approvalFlowOf(
  tx: Tx,
  ticketKey: string,
): Promise<ApprovalFlowRow | undefined> {
  const [row] = await tx
    .select()
    .from(ticketFlows)
    .where(inArray(ticketFlows.ticketKey, [ticketKey, DEFAULT_FLOW_KEY]))
    .orderBy(desc(eq(ticketFlows.ticketKey, ticketKey)), desc(ticketFlows.version))
    .limit(1);
  return row;
}

/** The newest version of each flow that is configured. */
export const approvalFlows = (tx: Tx): Promise<ApprovalFlowRow[]> =>
  tx
    .selectDistinctOn([ticketFlows.ticketKey])
    .from(ticketFlows)
    .orderBy(ticketFlows.ticketKey, desc(ticketFlows.version));

/** One change of a key's flow after the other, until this transaction ends. */
export async function lockApprovalFlow({ client }: Transaction, ticketKey: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [
    APPROVAL_FLOW_LOCKS,
    ticketKey,
  ]);
}

/**
 * Writes a new version of a key's flow. The same flow again writes nothing, so a repetition is no
 * change. Tickets that are open keep the flow that they were opened with.
 */
export async function putApprovalFlow(
  t: Transaction,
  change: {
    readonly ticketKey: string;
    readonly definition: TicketFlow;
    readonly changedBy: string;
  },
): Promise<void> {
  await lockApprovalFlow(t, change.ticketKey);
  const { tx } = t;
  const [newest] = await tx
    .select()
    .from(ticketFlows)
    .where(eq(ticketFlows.ticketKey, change.ticketKey))
    .orderBy(desc(ticketFlows.version))
    .limit(1);
  if (newest && canonicalJson(newest.definition) === canonicalJson(change.definition)) return;
  await tx.insert(ticketFlows).values({ ...change, version: (newest?.version ?? 0) + 1 });
}

/** Whom a flow may name. */
export async function knownApprovers(tx: Tx): Promise<KnownApprovers> {
  const roleRows = await tx.select({ role: roles.role }).from(roles);
  const personRows = await tx
    .select({ personId: people.personId })
    .from(people)
    .where(eq(people.active, true));
  return {
    roles: new Set(roleRows.map(({ role }) => role)),
    people: new Set(personRows.map(({ personId }) => personId)),
  };
}

/** Writes a first version of each flow that nobody has configured yet. */
export async function seedApprovalFlows(
  tx: Tx,
  ticketKeys: readonly string[],
  definition: TicketFlow,
): Promise<void> {
  for (const ticketKey of ticketKeys) {
    await tx.insert(ticketFlows).select(
      sql`SELECT ${ticketKey}, 1, ${JSON.stringify(definition)}::jsonb, 'system', now()
            WHERE NOT EXISTS (SELECT 1 FROM ticket_flows WHERE ticket_key = ${ticketKey})`,
    );
  }
}
