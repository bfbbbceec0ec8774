import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatherEvidence } from '../../api/evidence.ts';
import { EVIDENCE_KEY_FILE, openEvidenceKey, type EvidenceKey } from '../../api/evidence-key.ts';
import type { Db } from '../../db/client.ts';
import { readJournal } from '../../db/queries/journals.ts';
import type { Store } from '../embedded/store.ts';

/** Writes the signed evidence for a journal, and says how to check it. */
export async function exportEvidence(
  db: Db,
  store: Store,
  { journalId, file }: { readonly journalId: number; readonly file: string },
): Promise<true> {
  const key = keyOf(store);
  const { ledgerDate } = await readJournal(db.$client, journalId);
  const pack = key.sign(await gatherEvidence(db, ledgerDate, journalId));
  writeFileSync(file, `${JSON.stringify(pack, null, 1)}\n`);
  console.log(`Evidence for journal ${journalId} of ${ledgerDate} is in ${file}.`);
  console.log(`Signed with the key ${key.fingerprint}.`);
  console.log(`Check it anywhere: node scripts/verify-evidence.mjs ${file}`);
  return true;
}

/** The embedded installation makes its own; for other books somebody must have made one. */
function keyOf({ home, isEmbedded }: Store): EvidenceKey {
  const file = process.env['DAYCUT_EVIDENCE_KEY'] || join(home, EVIDENCE_KEY_FILE);
  if (!isEmbedded && !existsSync(file)) {
    throw new Error(`No key to sign with: set DAYCUT_EVIDENCE_KEY (there is none in ${file}).`);
  }
  return openEvidenceKey(file);
}
