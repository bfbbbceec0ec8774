import { verifyAudit } from '../../../db/audit/verify-audit.ts';
import { connect } from '../../../db/client.ts';
import { readSnapshot } from '../../../db/queries/rows.ts';
import type { Finding } from '../../../domain/audit/finding.ts';

/** What `npm run verify-audit` would find: nothing, whatever happened to the system. */
export async function brokenProofs(databaseUrl: string): Promise<readonly Finding[]> {
  const db = connect(databaseUrl, { poolSize: 1 });
  try {
    // One state of a system that may go on: else the chain could grow between two reads.
    const report = await readSnapshot(db, ({ client }) => verifyAudit(client));
    return report.findings;
  } finally {
    await db.$client.end();
  }
}
