import { expireCommands, undeliveredCommands } from '../db/commands.repository.ts';
import type { Db } from '../db/client.ts';
import type { DeliverCommand } from '../temporal/command-delivery.ts';
import { deliverRow } from './command-service.ts';

const ROUND_EVERY_MS = 1_000;
/** A command younger than this is still in the hands of the request that brought it. */
const LEAVE_ALONE_MS = 4_500;

/**
 * Delivers commands whose answer was lost again, under their own id, until they are final, and
 * marks those that nobody took in time EXPIRED. Safe to run in several processes: delivery is
 * idempotent by id and an outcome is written once.
 */
export function startCommandRelay(
  deps: { readonly db: Db; readonly deliver: DeliverCommand },
  onError: (error: unknown) => void,
): () => Promise<void> {
  let round: Promise<void> = Promise.resolve();
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    round = relayOnce(deps)
      .catch(onError)
      .finally(() => {
        isBusy = false;
      });
  }, ROUND_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await round;
  };
}

async function relayOnce(deps: {
  readonly db: Db;
  readonly deliver: DeliverCommand;
}): Promise<void> {
  // The host's own time: expiresAt was set from it, and no simulated clock may revive a command.
  await expireCommands(deps.db, new Date());
  for (const row of await undeliveredCommands(deps.db, LEAVE_ALONE_MS)) await deliverRow(deps, row);
}
