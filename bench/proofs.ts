import { verifyAudit } from '../db/audit/verify-audit.ts';
import type { Db } from '../db/client.ts';
import { inTransaction } from '../db/transaction.ts';

export interface ProofsCost {
  readonly seconds: number;
  readonly journals: number;
  /** The most that this process has ever held: shows that verifying streams. */
  readonly peakMb: number;
}

/** Verifies the audit log of what the run has written. Throws when a proof does not hold. */
export async function verifyProofs(db: Db): Promise<ProofsCost> {
  const begin = performance.now();
  const { ok, findings, counts } = await inTransaction(db, async ({ client }) => {
    await client.query(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
      SET LOCAL work_mem = '64MB'`);
    return verifyAudit(client);
  });
  if (!ok) throw new Error(`a proof does not hold: ${JSON.stringify(findings)}`);
  return {
    seconds: (performance.now() - begin) / 1000,
    journals: counts['journals'] ?? 0,
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}
