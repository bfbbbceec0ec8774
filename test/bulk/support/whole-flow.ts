import type { Db } from '../../../db/client.ts';
import { discardRuns } from '../../../db/step-runs.repository.ts';
import { runStep, type Cut, type Place } from './run-step.ts';

/** Every step of a flow that writes trades and bookings. */
export async function clearFlow(db: Db, place: Place, cut: Cut = {}): Promise<void> {
  await runStep(db, place, 'sync', cut);
  await clearAgain(db, place, cut);
}

/** As clearFlow, with the trades that the last sync took. */
export async function clearAgain(db: Db, place: Place, cut: Cut = {}): Promise<void> {
  for (const step of ['billing', 'posting', 'settlement'] as const) {
    await runStep(db, place, step, cut);
  }
}

/** What a revoke with an undo does to the runs of the date. */
export async function undoFlow(db: Db, place: Place, cut: Cut = {}): Promise<void> {
  await runStep(db, place, 'undoSettlement', cut);
  await runStep(db, place, 'undoPosting', cut);
  const steps = ['billing', 'posting', 'settlement'] as const;
  await discardRuns(db, { ...place, steps, span: 'upTo' }, 'revoke');
}
