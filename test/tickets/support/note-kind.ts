import Type from 'typebox';
import { sql } from 'drizzle-orm';
import type { Db } from '../../../db/client.ts';
import { ClearingError } from '../../../domain/errors/clearing-error.ts';
import { strict } from '../../../tickets/payload-fields.ts';
import { approvalFlow } from '../../../tickets/approval-flow.ts';
import { kindsOf, ticketKind, type TicketKinds } from '../../../tickets/ticket-kind.ts';

/**
 * A ticket key of the tests: a note with a text and a version. Consent writes the text and counts
 * one effect, so that a second one would show.
 */
export const NOTE_KEY = 'test.note.exec';

export const note = ticketKind({
  key: NOTE_KEY,
  name: { en: 'Change a note', zhHans: '修改备注', zhHant: '修改備註' },
  targetType: 'note',
  target: strict({ noteId: Type.String({ minLength: 1, maxLength: 40 }) }),
  payload: strict({
    text: Type.String({ maxLength: 40 }),
    worth: Type.Optional(strict({ amount: Type.String(), currency: Type.String() })),
  }),
  ask: 'clearing.revoke_exec',
  see: 'clearing.ledger_query',
  async subject(t, { target, payload }, { lock }) {
    const { rows } = await t.tx.execute<{ text: string; version: number }>(
      lock
        ? sql`SELECT text, version FROM notes WHERE note_id = ${target.noteId} FOR UPDATE`
        : sql`SELECT text, version FROM notes WHERE note_id = ${target.noteId}`,
    );
    const [found] = rows;
    if (!found) throw new ClearingError('NOT_FOUND', { note: target.noteId });
    return {
      targetId: target.noteId,
      version: String(found.version),
      before: { text: found.text },
      after: { text: payload.text },
      worth: payload.worth,
    };
  },
  effect: {
    kind: 'transaction',
    async apply({ tx }, { target, payload }) {
      if (payload.text === 'refuse me') {
        await tx.execute(sql`UPDATE notes SET effects = effects + 1`);
        throw new ClearingError('OUT_OF_RANGE', { text: payload.text });
      }
      await tx.execute(sql`UPDATE notes SET text = ${payload.text}, version = version + 1,
        effects = effects + 1 WHERE note_id = ${target.noteId}`);
      return { text: payload.text };
    },
  },
});

export const NOTE_KINDS: TicketKinds = kindsOf(
  note,
  approvalFlow(() => [...NOTE_KINDS.keys()]),
);

export async function makeNotes(db: Db, ids: readonly string[]): Promise<void> {
  await db.$client.query(`CREATE TABLE IF NOT EXISTS notes (note_id text PRIMARY KEY,
    text text NOT NULL, version int NOT NULL, effects int NOT NULL)`);
  await db.$client.query(`INSERT INTO notes SELECT unnest($1::text[]), 'as it was', 1, 0`, [ids]);
}

export interface NoteRow {
  readonly text: string;
  readonly version: number;
  readonly effects: number;
}

export async function readNote(db: Db, id: string): Promise<NoteRow> {
  const { rows } = await db.$client.query<NoteRow>(
    'SELECT text, version, effects FROM notes WHERE note_id = $1',
    [id],
  );
  if (!rows[0]) throw new Error(`no note ${id}`);
  return rows[0];
}
