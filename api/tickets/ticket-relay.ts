import type { Db } from '../../db/client.ts';
import { undeliveredDecisions } from '../../db/tickets.repository.ts';
import type { TicketEngine } from './ticket-service.ts';

/** A decision younger than this is still in the hands of the request that brought it. */
const LEAVE_ALONE_MS = 1_000;
const FIRST_PAUSE_MS = 1_000;
/** Without a worker, hints pile up in the ticket's history: one in this time is enough. */
const LONGEST_PAUSE_MS = 15_000;

interface Waiting {
  readonly nextAt: number;
  readonly pauseMs: number;
}

/**
 * Tells tickets of decisions that they have not taken, until they have, with growing pauses. A
 * ticket that Temporal does not know, for whatever reason, is opened by that. Safe to run in
 * several processes: a hint may come any number of times.
 */
export function createTicketRelay(deps: {
  readonly db: Db;
  readonly engine: Pick<TicketEngine, 'tellTicket'>;
}): () => Promise<void> {
  let waiting = new Map<number, Waiting>();
  return async () => {
    const rows = await undeliveredDecisions(deps.db, LEAVE_ALONE_MS);
    const now = performance.now();
    const before = waiting;
    waiting = new Map();
    for (const row of rows) {
      const { nextAt, pauseMs } = before.get(row.decisionId) ?? { nextAt: 0, pauseMs: 0 };
      if (now < nextAt) {
        waiting.set(row.decisionId, { nextAt, pauseMs });
        continue;
      }
      const pause = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
      waiting.set(row.decisionId, { nextAt: now + pause, pauseMs: pause });
      await deps.engine.tellTicket(row);
    }
  };
}
