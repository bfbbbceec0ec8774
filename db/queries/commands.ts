import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { CommandKind, CommandStatus } from '../../domain/clearing/commands.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface CommandView {
  readonly commandId: string;
  readonly seq: number;
  readonly kind: CommandKind;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly person: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly revisionSeen: number | null;
  readonly status: CommandStatus;
  readonly code: string | null;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly recordedAt: string;
  readonly expiresAt: string;
  readonly finalAt: string | null;
}

const SELECT = `SELECT command_id AS "commandId", seq, kind, ledger_date AS "ledgerDate", flow,
  person, payload, revision_seen AS "revisionSeen", status, code, details,
  recorded_at AS "recordedAt", expires_at AS "expiresAt", final_at AS "finalAt" FROM commands`;

export interface CommandFilter extends PageRequest {
  readonly ledgerDate?: BusinessDate | undefined;
  readonly flow?: string | undefined;
  readonly kind?: CommandKind | undefined;
  readonly status?: CommandStatus | undefined;
  readonly person?: string | undefined;
}

/** The command log, newest first. */
export async function readCommands(
  reader: Reader,
  filter: CommandFilter,
): Promise<Page<CommandView>> {
  await assertListed(reader, filter);
  return readPage<CommandView>(
    reader,
    {
      list: 'commands',
      select: SELECT,
      conditions: new Conditions()
        .add('ledger_date = ?', filter.ledgerDate)
        .add('flow = ?', filter.flow)
        .add('kind = ?', filter.kind)
        .add('status = ?', filter.status)
        .add('person = ?', filter.person),
      key: [['seq', 'bigint']],
      direction: 'DESC',
      keyOf: (row) => [row.seq],
    },
    filter,
  );
}

/** Throws NOT_FOUND. */
export async function readCommand(reader: Reader, commandId: string): Promise<CommandView> {
  const [row] = await rows<CommandView>(reader, `${SELECT} WHERE command_id = $1`, [commandId]);
  if (!row) throw new ClearingError('NOT_FOUND', { commandId });
  return row;
}
