import { parseArgs } from 'node:util';
import { UsageError } from '../launch/arguments.ts';

export interface ExplainArguments {
  /** A ledger date; without it every date. */
  readonly date: string | undefined;
  /** Explanations that were written down, instead of a database. */
  readonly file: string | undefined;
  /** Where to write the explanations down. */
  readonly out: string | undefined;
  readonly help: boolean;
}

export const EXPLAIN_USAGE = `Computes fees again from their explanations alone, by arithmetic of its own.

  npm run -s explain-fees -- [--date DATE] [--out FILE]
  npm run -s explain-fees -- --file FILE

  --date DATE   the fees of one ledger date; without it those of every date
  --out FILE    write the explanations down as well, one JSON object a line
  --file FILE   explanations as --out wrote them, or one answer of GET /fees/{feeId}/explanation;
                no database is asked

It reads the database of DATABASE_URL, else the embedded one, which it starts when it does not run.
Exit code 0: every fee came out the same. 1: one did not; each is named. 2: wrong usage.`;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Throws UsageError for anything else. */
export function parseExplainArguments(argv: readonly string[]): ExplainArguments {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        date: { type: 'string' },
        file: { type: 'string' },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { date, file, out, help } = values;
  if (date !== undefined && !DAY.test(date)) throw new UsageError(`--date ${date}: no date`);
  if (file !== undefined && (date ?? out) !== undefined) {
    throw new UsageError('--file goes alone: what it holds is all that is looked at');
  }
  return { date, file, out, help };
}
