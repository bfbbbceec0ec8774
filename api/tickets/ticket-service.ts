import { createHash } from 'node:crypto';
import { noteOrigin } from '../../db/audit.repository.ts';
import type { Db } from '../../db/client.ts';
import { answerOnce } from '../../db/request-answers.repository.ts';
import { decisionOfRequest, loadTicket } from '../../db/tickets.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Clock } from '../../domain/clock.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { isErrorCode } from '../../domain/errors/error-catalogue.ts';
import { canonicalJson } from '../../domain/tickets/frozen.ts';
import {
  ticketCommandId,
  type DecisionKind,
  type TicketHint,
} from '../../domain/tickets/ticket.ts';
import type { TicketKinds } from '../../tickets/ticket-kind.ts';
import { OUTCOME_WAIT_MS, until } from '../outcome-wait.ts';
import type { CommandService, TicketRequest, TicketService } from '../ports.ts';
import { writeDecision } from './decide-ticket.ts';
import { openTicket } from './open-ticket.ts';

/** What the API wants of Temporal for a ticket. */
export interface TicketEngine {
  openTicket(ticketId: string): Promise<void>;
  tellTicket(
    news: TicketHint & { readonly ticketId: string; readonly kind: DecisionKind },
  ): Promise<void>;
}

interface Dependencies {
  readonly db: Db;
  readonly kinds: TicketKinds;
  readonly clock: Clock;
  readonly engine: TicketEngine;
  readonly commands: Pick<CommandService, 'deliver'>;
  /** Temporal is away: the reconciler and the relay go on when it is back. */
  readonly onEngineAway: (error: unknown) => void;
}

/**
 * Tickets as the API handles them: rows first, then the engine hears of them, then the answer is
 * what PostgreSQL says. Each call is safe to repeat under its Idempotency-Key.
 */
export function createTicketService(deps: Dependencies): TicketService {
  return {
    async open(request) {
      const { answer, isRepeated } = await inTransaction(deps.db, (t) =>
        answerOnce(t, keyed(request), async () => {
          await noteOrigin(t.tx, request.origin);
          return { ticketId: await openTicket(t, deps.kinds, request, deps.clock.now()) };
        }),
      );
      const { ticketId } = answer;
      await deps.engine.openTicket(ticketId).catch(deps.onEngineAway);
      await effectOf(deps, ticketId, Date.now() + OUTCOME_WAIT_MS);
      return { ticketId, repeated: isRepeated };
    },

    async decide(request) {
      const { ticketId, kind, requestId } = request;
      const written = await inTransaction(deps.db, async (t) => {
        await noteOrigin(t.tx, request.origin);
        return writeDecision(t, deps.kinds, request);
      });
      if (written.kind === 'refused') {
        throw new ClearingError(written.refusal.code, { ...written.refusal.details, ticketId });
      }
      const { decisionId, node } = written;
      const repeated = written.kind === 'repeated';
      if (!(await isTaken(deps.db, requestId))) {
        const news = { ticketId, kind, decisionId, node };
        await deps.engine.tellTicket(news).catch(deps.onEngineAway);
      }
      const deadline = Date.now() + OUTCOME_WAIT_MS;
      const taken = await until(
        deadline,
        async () => (await isTaken(deps.db, requestId)) || undefined,
      );
      if (taken) await effectOf(deps, ticketId, deadline);
      return { taken: taken === true, repeated };
    },
  };
}

function keyed({ requestId, key, target, payload, reason, version, by }: TicketRequest) {
  const asked = canonicalJson([key, target, payload, reason, version, by.id]);
  const requestHash = createHash('sha256').update(asked).digest('hex');
  return { requestId, kind: 'ticket' as const, requestHash, person: by.id };
}

/** Whether the ticket has taken the decision into account. Throws why it did not count. */
async function isTaken(db: Db, requestId: string): Promise<boolean> {
  const row = await decisionOfRequest(db, requestId);
  if (!row?.takenAt) return false;
  if (row.counted === false) {
    const code = row.ignoredBecause ?? '';
    const { ticketId, node, person } = row;
    const why = isErrorCode(code) ? code : 'TICKET_CLOSED';
    throw new ClearingError(why, { ticketId, node, person });
  }
  return true;
}

/** Waits a moment for an effect that is under way; a command of it is delivered at once. */
async function effectOf(deps: Dependencies, ticketId: string, deadline: number): Promise<void> {
  let isDelivered = false;
  await until(deadline, async () => {
    const { status } = await loadTicket(deps.db, ticketId);
    if (status === 'EXECUTING' && !isDelivered) {
      isDelivered = true;
      await deps.commands.deliver(ticketCommandId(ticketId));
    }
    return status === 'APPROVED' || status === 'EXECUTING' ? undefined : status;
  });
}
