import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../embedded/processes.ts';
import { UsageError } from './arguments.ts';
import type { Closing } from './closing-table.ts';

/** What `--json` writes. */
export interface Report {
  /** Whether everything that was asked for is cleared, and every invariant held. */
  readonly ok: boolean;
  /** Why it stopped before the end and needs a person; null when it did not. */
  readonly stoppedBy: string | null;
  readonly dates: readonly Closing[];
}

/**
 * The file of `--json`, seen from the folder where the person is. Throws UsageError when it cannot
 * be written, since after the clearing it would be late to say so.
 */
export function reportFile(name: string, folder: string): string {
  const file = resolve(folder, name);
  const isNew = !existsSync(file);
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new UsageError(`--json: ${file} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (isNew) rmSync(file);
  return file;
}

export function writeReport(file: string, report: Report): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
