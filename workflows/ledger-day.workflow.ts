import { allHandlersFinished, condition, setHandler } from '@temporalio/workflow';
import { refusalToFailure } from '../temporal/failure.ts';
import { ops } from './activity-proxies.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import { dayCutUpdate, type Accepted, type LedgerDayInput } from './messages.ts';

/**
 * One ledger date, from its opening to its day cut: cuts the date once, opens the next one and
 * tells the flows of the cut date that they are closed.
 */
export async function ledgerDay({ ledgerDate }: LedgerDayInput): Promise<void> {
  const waiting: FlowCommand[] = [];
  registerDayCut(waiting);

  for (let isOpen = true; isOpen;) {
    await condition(() => waiting.length > 0);
    const [command] = waiting;
    if (!command) continue;
    const outcome = await ops.cutDay(ledgerDate, command);
    waiting.shift();
    if (outcome.kind === 'cut') {
      await ops.openDay(outcome.nextLedgerDate);
      await ops.tellFlows(ledgerDate);
    }
    isOpen = outcome.kind === 'refused' && !outcome.isCut;
  }
  // Who waited behind the cut is told so, instead of being left to expire.
  for (let late = waiting.shift(); late; late = waiting.shift()) await ops.cutDay(ledgerDate, late);
  await condition(allHandlersFinished);
}

/** Two day cuts may wait behind each other: the second finds the date cut and is refused. */
function registerDayCut(waiting: FlowCommand[]): void {
  const known = new Set<string>();
  setHandler(
    dayCutUpdate,
    (command: FlowCommand): Accepted => {
      if (!known.has(command.commandId)) waiting.push(command);
      known.add(command.commandId);
      return { commandId: command.commandId };
    },
    {
      validator: (command: FlowCommand) => {
        if (known.has(command.commandId) || Date.parse(command.expiresAt) >= Date.now()) return;
        throw refusalToFailure({
          code: 'COMMAND_EXPIRED',
          details: { expiresAt: command.expiresAt },
        });
      },
    },
  );
}
