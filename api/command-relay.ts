import { expireCommands, undeliveredCommands } from '../db/commands.repository.ts';
import type { Db } from '../db/client.ts';
import { inTransaction } from '../db/transaction.ts';
import type { DeliverCommand } from '../temporal/command-delivery.ts';
import { deliverRow } from './command-service.ts';

/** A command younger than this is still in the hands of the request that brought it. */
const LEAVE_ALONE_MS = 4_500;

/**
 * Delivers commands whose answer was lost again, under their own id, until they are final, and
 * marks those that nobody took in time EXPIRED. Safe to run in several processes: delivery is
 * idempotent by id and an outcome is written once.
 */
export async function relayCommands(deps: {
  readonly db: Db;
  readonly deliver: DeliverCommand;
}): Promise<void> {
  // The host's own time: expiresAt was set from it, and no simulated clock may revive a command.
  await inTransaction(deps.db, ({ tx }) => expireCommands(tx, new Date()));
  for (const row of await undeliveredCommands(deps.db, LEAVE_ALONE_MS)) await deliverRow(deps, row);
}
