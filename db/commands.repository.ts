import { and, eq, sql } from 'drizzle-orm';
import type { Refusal } from '../domain/clearing/guards.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Tx } from './client.ts';
import { commands } from './schema/clearing.ts';
import { endTicketOfCommand } from './tickets.repository.ts';

export type CommandRow = typeof commands.$inferSelect;
export type NewCommand = Omit<typeof commands.$inferInsert, 'seq' | 'status' | 'recordedAt'>;

export async function findCommand(tx: Tx, commandId: string): Promise<CommandRow | undefined> {
  const [row] = await tx.select().from(commands).where(eq(commands.commandId, commandId));
  return row;
}

/** Writes a new command down: RECORDED, or final at once when it is refused. */
export async function recordCommand(
  tx: Tx,
  command: NewCommand,
  refusal?: Refusal,
): Promise<CommandRow> {
  const outcome = refusal ? refused(refusal) : { status: 'RECORDED' as const };
  const [row] = await tx
    .insert(commands)
    .values({ ...command, ...outcome })
    .returning();
  if (!row) throw new ClearingError('INTERNAL', { what: 'command' });
  return row;
}

/** A command that came too late is told apart from one that a rule forbids. */
const refused = ({ code, details }: Refusal) => ({
  status: code === 'COMMAND_EXPIRED' ? ('EXPIRED' as const) : ('REFUSED' as const),
  code,
  details: { ...details },
  finalAt: sql`now()`,
});

const undecided = (commandId: string) =>
  and(eq(commands.commandId, commandId), eq(commands.status, 'RECORDED'));

/**
 * APPLIED, in the transaction of the first effect. False when the command is not RECORDED any more
 * (it expired, was refused, or was applied by an earlier attempt): then there must be no effect.
 */
export async function applyCommand(tx: Tx, commandId: string): Promise<boolean> {
  const [row] = await tx
    .update(commands)
    .set({ status: 'APPLIED', finalAt: sql`now()` })
    .where(undecided(commandId))
    .returning({ payload: commands.payload });
  if (!row) return false;
  await endTicketOfCommand(tx, { commandId, status: 'APPLIED', ...row });
  return true;
}

/**
 * REFUSED, or EXPIRED, with the code and the values that broke the rule. No effect on a final
 * command.
 */
export async function refuseCommand(tx: Tx, commandId: string, refusal: Refusal): Promise<void> {
  const outcome = refused(refusal);
  const [row] = await tx
    .update(commands)
    .set(outcome)
    .where(undecided(commandId))
    .returning({ payload: commands.payload });
  if (row) {
    await endTicketOfCommand(tx, { commandId, status: outcome.status, ...row, ...refusal });
  }
}

/** EXPIRED: nobody took the command in time. Whoever would apply it later finds it final. */
export async function expireCommands(tx: Tx, now: Date): Promise<number> {
  const rows = await tx
    .update(commands)
    .set({ status: 'EXPIRED', code: 'COMMAND_EXPIRED', finalAt: sql`now()` })
    .where(and(eq(commands.status, 'RECORDED'), sql`${commands.expiresAt} < ${now.toISOString()}`))
    .returning({ commandId: commands.commandId, payload: commands.payload });
  const expired = { status: 'EXPIRED', code: 'COMMAND_EXPIRED' } as const;
  for (const row of rows) await endTicketOfCommand(tx, { ...expired, ...row });
  return rows.length;
}

/**
 * Commands that wait for delivery for longer than `olderThanMs`, and those of tickets at once,
 * since no request holds them; oldest first.
 */
export async function undeliveredCommands(tx: Tx, olderThanMs: number): Promise<CommandRow[]> {
  return tx
    .select()
    .from(commands)
    .where(
      and(
        eq(commands.status, 'RECORDED'),
        sql`(${commands.recordedAt} < now() - make_interval(secs => ${olderThanMs / 1000})
          OR ${commands.payload} ->> 'ticketId' IS NOT NULL)`,
      ),
    )
    .orderBy(commands.seq)
    .limit(100);
}
