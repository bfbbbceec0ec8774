import { archive } from './activity-proxies.ts';
import type { RunRef } from '../activities/contract.ts';

/** Stores the history of one closed run for auditors; minutes at most, since it only waits. */
export async function archiveHistory(run: RunRef): Promise<void> {
  await archive.archiveHistory(run);
}
