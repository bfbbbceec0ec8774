import type { JournalSeal } from './daily-root.ts';
import { hexOf } from './digest.ts';
import type { Finding } from './finding.ts';

/** What the event `journals.sealed` says of a run, as it was when the run ended. */
export interface SealedRun {
  readonly stepRunId: number;
  /** After FAILED the run may go on and seal further chunks. */
  readonly status: string;
  readonly journals: number;
  /** Shard, chunk, journals and root in hexadecimal. */
  readonly chunks: readonly (readonly [number, number, number, string])[];
}

export const sealedRun = (
  { stepRunId, status }: Pick<SealedRun, 'stepRunId' | 'status'>,
  seals: readonly JournalSeal[],
): SealedRun => ({
  stepRunId,
  status,
  journals: seals.reduce((sum, { journals }) => sum + journals, 0),
  chunks: seals.map(({ shard, chunk, journals, root }) => [shard, chunk, journals, hexOf(root)]),
});

export const sealKey = (seal: Omit<JournalSeal, 'journals' | 'root'>): string =>
  `ledger_date ${seal.ledgerDate}, step_run_id ${seal.stepRunId}, shard ${seal.shard}, ` +
  `chunk ${seal.chunk}`;

/**
 * The first seal of a run that is not as the chain says. `said` is undefined for a run that the
 * chain does not know; that is right as long as it has not ended well.
 */
export function sealFinding(
  run: { readonly ledgerDate: string; readonly stepRunId: number; readonly isDone: boolean },
  seals: readonly JournalSeal[],
  said: SealedRun | undefined,
): Finding | undefined {
  const chunks = said?.chunks ?? [];
  const told = new Map(chunks.map((chunk) => [`${chunk[0]}/${chunk[1]}`, chunk]));
  const isComplete = said ? said.status.startsWith('SUCCEEDED') : run.isDone;
  const finding = (
    key: Parameters<typeof sealKey>[0],
    fault: Finding['fault'],
    detail: string,
  ): Finding => ({ table: 'journal_seals', key: sealKey(key), fault, detail });
  for (const seal of seals) {
    const expected = told.get(`${seal.shard}/${seal.chunk}`);
    told.delete(`${seal.shard}/${seal.chunk}`);
    if (expected === undefined) {
      if (isComplete) return finding(seal, 'inserted', 'the chain knows no such chunk of the run');
    } else if (expected[2] !== seal.journals || expected[3] !== hexOf(seal.root)) {
      return finding(seal, 'changed', 'the chain has another number of journals or another root');
    }
  }
  const [lost] = told.values();
  if (lost === undefined) return undefined;
  const key = { ...run, shard: lost[0], chunk: lost[1] };
  return finding(key, 'missing', 'the chain says that the run had sealed it');
}
