import { connect, type Db } from '../../db/client.ts';
import { SESSIONS } from '../../scripts/sample-broker/sessions.ts';
import { openDate } from '../bulk/support/broker.ts';
import { runStep } from '../bulk/support/run-step.ts';
import { freshDatabase } from '../support/database.ts';

export const SAMPLE_DATES = [...new Set(SESSIONS.map(({ ledgerDate }) => ledgerDate))];

/**
 * The sample broker, billed on each of its dates: synchronised and priced by the steps of the
 * product, without counterparty files, bookings and Temporal.
 */
export async function billedSample(): Promise<{ readonly url: string; readonly db: Db }> {
  const url = await freshDatabase('sample');
  const db = connect(url, { poolSize: 8 });
  for (const ledgerDate of SAMPLE_DATES) {
    await db.$client.query(
      `UPDATE ledger_dates SET status = 'CUT', cut_at = now() WHERE ledger_date < $1`,
      [ledgerDate],
    );
    await openDate(db, ledgerDate);
    for (const flow of ['US', 'HK']) {
      for (const step of ['sync', 'billing'] as const) {
        await runStep(db, { ledgerDate, flow, generation: 1 }, step, { parallel: 2 });
      }
    }
  }
  return { url, db };
}
