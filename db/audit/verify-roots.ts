import type pg from 'pg';
import { dailyRoot, rootOfSeals, type DailyRootContent } from '../../domain/audit/daily-root.ts';
import { hexOf, NO_HASH, sameBytes } from '../../domain/audit/digest.ts';
import type { ExportedRoots } from '../../domain/audit/exported-roots.ts';
import type { Finding } from '../../domain/audit/finding.ts';
import { readSeals } from '../bulk/journal-seals.ts';
import { sha256 } from './sha256.ts';

interface StoredRoot extends DailyRootContent {
  readonly root: Uint8Array;
  /** The hash of the link that the root names, as it is now. */
  readonly linkHash: Uint8Array | null;
}

const ROOTS = `SELECT r.root_no AS "rootNo", r.ledger_date AS "ledgerDate",
    r.previous_root AS "previousRoot", r.last_step_run_id AS "lastStepRunId", r.seals, r.journals,
    r.journals_root AS "journalsRoot", r.audit_seq AS "auditSeq", r.audit_hash AS "auditHash",
    r.root, c.hash AS "linkHash"
  FROM daily_roots r LEFT JOIN audit_chain c ON c.seq = r.audit_seq ORDER BY r.root_no`;

const finding = (rootNo: number, fault: Finding['fault'], detail: string): Finding => ({
  table: 'daily_roots',
  key: `root_no ${rootNo}`,
  fault,
  detail,
});

/** Computes every daily root again from seals, chain and the root before. */
export async function verifyRoots(
  client: pg.ClientBase,
): Promise<{ readonly roots: number; readonly finding: Finding | undefined }> {
  const { rows } = await client.query<StoredRoot>(ROOTS);
  let previous: Uint8Array = NO_HASH;
  for (const [at, stored] of rows.entries()) {
    const wrong = await whatIsWrong(client, at + 1, previous, stored);
    if (wrong) return { roots: rows.length, finding: wrong };
    previous = stored.root;
  }
  return { roots: rows.length, finding: undefined };
}

async function whatIsWrong(
  client: pg.ClientBase,
  rootNo: number,
  previous: Uint8Array,
  stored: StoredRoot,
): Promise<Finding | undefined> {
  if (stored.rootNo !== rootNo) {
    return finding(rootNo, 'missing', `the root that follows is ${stored.rootNo}`);
  }
  if (!sameBytes(stored.root, dailyRoot(stored, sha256))) {
    return finding(rootNo, 'changed', 'its root is not that of its own content');
  }
  if (!sameBytes(stored.previousRoot, previous)) {
    return finding(rootNo, 'out of order', 'it does not continue the root before it');
  }
  const seals = await readSeals(client, stored);
  if (!sameBytes(stored.journalsRoot, rootOfSeals(seals, sha256))) {
    return finding(rootNo, 'changed', `the seals of ${stored.ledgerDate} have another root`);
  }
  const isFirst = stored.auditSeq === 0 && sameBytes(stored.auditHash, NO_HASH);
  if (!isFirst && !(stored.linkHash && sameBytes(stored.auditHash, stored.linkHash))) {
    return finding(rootNo, 'changed', `link ${stored.auditSeq} of the chain has another hash`);
  }
  return undefined;
}

/**
 * Compares with roots that left the installation before: whoever rewrites rows, seals, chain and
 * roots so that they fit each other cannot rewrite those.
 */
export async function compareRoots(
  client: pg.ClientBase,
  exported: ExportedRoots,
): Promise<Finding | undefined> {
  const { rows } = await client.query<StoredRoot>(ROOTS);
  const stored = new Map(rows.map((row) => [row.rootNo, hexOf(row.root)]));
  for (const { rootNo, root, ledgerDate } of exported.roots) {
    const now = stored.get(rootNo);
    if (now === undefined) return finding(rootNo, 'missing', `it was exported for ${ledgerDate}`);
    if (now !== root) return finding(rootNo, 'changed', `it was exported as ${root}`);
  }
  const { seq, hash } = exported.head;
  if (seq === 0) return undefined;
  const links = await client.query<{ hash: Uint8Array }>(
    'SELECT hash FROM audit_chain WHERE seq = $1',
    [seq],
  );
  const link = links.rows[0];
  if (link && hexOf(link.hash) === hash) return undefined;
  return {
    table: 'audit_chain',
    key: `seq ${seq}`,
    fault: link ? 'changed' : 'missing',
    detail: `its hash was exported as ${hash}`,
  };
}
