import { applyCommand, findCommand, refuseCommand } from '../db/commands.repository.ts';
import { loadDayFacts } from '../db/flows.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { FlowState } from '../domain/clearing/flow-state.ts';
import { refusalOf, type Refusal } from '../domain/clearing/guards.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';

/**
 * first: the command is APPLIED by this transaction, which must now carry it out. again: an earlier
 * attempt committed it, so there is nothing to do but go on. no: refused, expired, or never
 * written.
 */
export type Passage = 'first' | 'again' | 'no';

/**
 * The decisive run of the guard. The caller holds the locks on the date and the flow, so what is
 * found here still holds when the transaction commits. A message without a row changes nothing.
 */
export async function passGate(
  t: Transaction,
  flow: FlowState,
  command: FlowCommand,
  now: Date,
): Promise<Passage> {
  const day = await loadDayFacts(t.tx, flow, now);
  return decide(t, command, () => refusalOf(command, flow, day));
}

/**
 * As passGate, for a command with a guard of its own. Expiry goes by the host's own time, as it was
 * set: a command can wait long behind another, or for a worker, and must then never act.
 */
export async function decide(
  t: Transaction,
  command: FlowCommand,
  guard: () => Refusal | undefined,
): Promise<Passage> {
  const row = await findCommand(t.tx, command.commandId);
  if (row?.status === 'APPLIED') return 'again';
  if (row?.status !== 'RECORDED' || row.kind !== command.kind) return 'no';
  const expiresAt = new Date(row.expiresAt);
  const refusal: Refusal | undefined =
    expiresAt < new Date()
      ? { code: 'COMMAND_EXPIRED', details: { expiresAt: expiresAt.toISOString() } }
      : guard();
  if (refusal) {
    await refuseCommand(t.tx, command.commandId, refusal);
    return 'no';
  }
  return (await applyCommand(t.tx, command.commandId)) ? 'first' : 'no';
}
