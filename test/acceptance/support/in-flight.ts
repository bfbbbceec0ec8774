import pg from 'pg';
import type { Role, System } from '../../support/system.ts';

/**
 * Freezes a process while `work` runs: what it has begun stays in flight, with no race. Short:
 * after 10 s its shards would be given to another attempt.
 */
export async function whileFrozen<T>(
  system: System,
  role: Role,
  work: () => Promise<T>,
): Promise<T> {
  const pid = system.pids()[role];
  if (pid === undefined) throw new Error(`${role} does not run`);
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** What an administrator does in the database: settings that have no screen, or damage. */
export async function inDatabase(system: System, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: system.databaseUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
