import { DEFAULT_FLOW_KEY, type TicketFlow } from '../../domain/tickets/ticket-flow.ts';
import type { Db } from '../client.ts';
import { seedApprovalFlows } from '../ticket-flows.repository.ts';
import { inTransaction } from '../transaction.ts';

const TICKET_FLOW_SEED_LOCK = 7706;

/** One other person of the role approver, within a week. */
const ONE_APPROVER: TicketFlow = {
  nodes: [{ name: 'approval', mode: 'ANY_OF', roles: ['approver'], people: [] }],
  autoApprove: false,
  expiresAfterMinutes: 7 * 24 * 60,
};

/**
 * The approval flows that an installation begins with: the default one, and the same one for each
 * of `ticketKeys`. Flows that are configured already stay as they are. Safe to run at every start.
 */
export async function seedTicketFlows(db: Db, ticketKeys: readonly string[]): Promise<void> {
  await inTransaction(db, async ({ tx, client }) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [TICKET_FLOW_SEED_LOCK]);
    await seedApprovalFlows(tx, [DEFAULT_FLOW_KEY, ...ticketKeys], ONE_APPROVER);
  });
}
