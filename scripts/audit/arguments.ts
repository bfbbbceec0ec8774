import { parseArgs } from 'node:util';
import { parseBusinessDate, type BusinessDate } from '../../domain/calendar/business-date.ts';
import { UsageError } from '../launch/arguments.ts';

export const USAGE = `Usage: npm run -s audit -- <command>

  list [--date D]            the archived runs, of one ledger date or of all
  timeline RUN [--lang L]    what happened in a run; L is en, zh-Hans or zh-Hant (en)
  replay RUN                 replays a run and compares every value with its history
  replay --date D            the same for every run of a ledger date
  export RUN FILE            writes a history: as JSON for Temporal's tools if FILE ends in .json,
                             else the bytes that were hashed
  evidence JOURNAL FILE      writes the signed evidence for a ledger entry; it is checked, without
                             a database, by node scripts/verify-evidence.mjs FILE

Exit code 1 when a replay differs. DATABASE_URL names the books, or the embedded ones are opened.`;

export const LANGUAGES = { en: 'en', 'zh-Hans': 'zhHans', 'zh-Hant': 'zhHant' } as const;
type Language = (typeof LANGUAGES)[keyof typeof LANGUAGES];

export type AuditCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'list'; readonly date: BusinessDate | undefined }
  | { readonly kind: 'timeline'; readonly runId: string; readonly language: Language }
  | { readonly kind: 'replay'; readonly runId: string }
  | { readonly kind: 'replayDate'; readonly date: BusinessDate }
  | { readonly kind: 'export'; readonly runId: string; readonly file: string }
  | { readonly kind: 'evidence'; readonly journalId: number; readonly file: string };

/** Throws UsageError with what is wrong. */
export function parseAuditArguments(argv: readonly string[]): AuditCommand {
  const { values, positionals } = parsed(argv);
  if (values.help) return { kind: 'help' };
  const [command, ...rest] = positionals;
  const date = values.date === undefined ? undefined : dateIn(values.date);
  const [runId, file] = rest;
  if (command === 'list' && runId === undefined) return { kind: 'list', date };
  if (command === 'replay' && date && runId === undefined) return { kind: 'replayDate', date };
  if (runId !== undefined && date === undefined) {
    if (command === 'timeline') return { kind: 'timeline', runId, language: languageOf(values) };
    if (command === 'replay') return { kind: 'replay', runId };
    if (command === 'export' && file) return { kind: 'export', runId, file };
    if (command === 'evidence' && file && /^[1-9]\d{0,15}$/.test(runId)) {
      return { kind: 'evidence', journalId: Number.parseInt(runId, 10), file };
    }
  }
  throw new UsageError(`not understood: ${argv.join(' ') || 'nothing was asked'}`);
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        date: { type: 'string' },
        lang: { type: 'string', default: 'en' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function dateIn(text: string): BusinessDate {
  try {
    return parseBusinessDate(text);
  } catch {
    throw new UsageError(`--date takes a day as YYYY-MM-DD, not "${text}"`);
  }
}

function languageOf({ lang }: { lang: string }): Language {
  if (lang in LANGUAGES) return LANGUAGES[lang as keyof typeof LANGUAGES];
  throw new UsageError(`--lang takes ${Object.keys(LANGUAGES).join(', ')}, not "${lang}"`);
}
