import pg from 'pg';
import { poll } from '../../../scripts/embedded/processes.ts';

/** Holds a table against writers, so that whoever writes to it waits in the middle of its work. */
export class Barrier {
  private readonly client: pg.Client;

  private constructor(client: pg.Client) {
    this.client = client;
  }

  static async before(databaseUrl: string, table: string): Promise<Barrier> {
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'a barrier',
    });
    // PostgreSQL may be killed while we hold it.
    client.on('error', () => undefined);
    await client.connect();
    await client.query('BEGIN');
    await client.query(`LOCK TABLE ${table} IN SHARE MODE`);
    return new Barrier(client);
  }

  /** Until a process of ours waits here, or another barrier behind it. */
  async reachedBy(process: 'worker batch' | 'worker control' | 'a barrier'): Promise<void> {
    await poll(`${process} at the barrier`, 60_000, async () => {
      // Inside a transaction PostgreSQL would show the same old picture again and again.
      await this.client.query('SELECT pg_stat_clear_snapshot()');
      const { rowCount } = await this.client.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
           AND application_name = $1 AND wait_event_type = 'Lock'`,
        [process],
      );
      return rowCount === 0 ? undefined : true;
    });
  }

  async lift(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}
