import { changeFlow, loadFlow, lockFlow } from '../db/flows.repository.ts';
import { lockLedgerDate } from '../db/ledger-dates.repository.ts';
import { runningRun } from '../db/step-runs.repository.ts';
import { inTransaction } from '../db/transaction.ts';
import type { FlowRef, FlowState } from '../domain/clearing/flow-state.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import { decide } from './command-gate.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Records a pause. The step in flight goes on to its end; between two steps the flow pauses at
 * once; and a flow that ended meanwhile stays as it is, since completion and failure win over a
 * pause. The command is APPLIED in each case: it was accepted while the flow was running. Safe to
 * repeat.
 */
export async function recordPause(
  { db }: Dependencies,
  ref: FlowRef,
  command: FlowCommand,
): Promise<FlowState> {
  return inTransaction(db, async (t) => {
    await lockLedgerDate(t.tx, ref.ledgerDate, 'share');
    const flow = await lockFlow(t.tx, ref);
    const passage = await decide(t, command, () => undefined);
    if (passage === 'first' && flow.mode === 'AUTO_RUNNING') {
      const isRunning = (await runningRun(t.tx, ref)) !== undefined;
      await changeFlow(t.tx, ref, { mode: isRunning ? 'PAUSE_REQUESTED' : 'PAUSED' });
    }
    return loadFlow(t.tx, ref);
  });
}
