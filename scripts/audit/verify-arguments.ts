import { parseArgs } from 'node:util';
import { UsageError } from '../launch/arguments.ts';

export interface VerifyArguments {
  /** An export of GET /audit/roots. */
  readonly roots: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

export const VERIFY_USAGE = `Computes every proof of the audit log again from the rows.

  npm run -s verify-audit -- [--roots FILE] [--json]

  --roots FILE  compare with an export of GET /audit/roots that was kept elsewhere
  --json        the report as JSON

It reads the database of DATABASE_URL, else the embedded one, which it starts when it does not run.
Exit code 0: every proof holds. 1: a row does not fit; the first one is named. 2: wrong usage.`;

/** Throws UsageError for anything else. */
export function parseVerifyArguments(argv: readonly string[]): VerifyArguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        roots: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { roots: values.roots, json: values.json, help: values.help };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
