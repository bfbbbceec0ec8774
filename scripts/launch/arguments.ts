import { parseArgs } from 'node:util';

export const SAMPLE_DATES = 5;

export const USAGE = `Usage: npm start -- [options]

  --days N      clear the first N sample dates, 1 to ${SAMPLE_DATES} (1)
  --manual      start everything and leave the day to the operator
  --once        stop after the closing table; the exit code is 0 only if every invariant held
  --json FILE   write the closing table as JSON, too
  --help        this text

PORT chooses the port of the API. Every setting is in .env.example.`;

export interface LaunchArguments {
  readonly days: number;
  readonly manual: boolean;
  readonly once: boolean;
  readonly json?: string;
  readonly help: boolean;
}

/** Thrown with what is wrong with the command line. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export function parseLaunchArguments(argv: readonly string[]): LaunchArguments {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        days: { type: 'string' },
        manual: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const { days = '1', manual, once, json, help } = values;
  if (!/^\d$/.test(days) || days < '1' || days > String(SAMPLE_DATES)) {
    throw new UsageError(`--days takes a whole number from 1 to ${SAMPLE_DATES}, not "${days}"`);
  }
  if (json === '') throw new UsageError('--json needs the name of a file');
  const rest = json === undefined ? {} : { json };
  return { days: Number.parseInt(days, 10), manual, once, help, ...rest };
}
