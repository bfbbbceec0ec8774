import { changeFlow, loadFlow, lockFlow } from '../db/flows.repository.ts';
import { lockLedgerDate } from '../db/ledger-dates.repository.ts';
import { manualPassesOf } from '../db/manual-passes.repository.ts';
import { storeReadiness } from '../db/readiness.repository.ts';
import { inTransaction } from '../db/transaction.ts';
import type { FlowRef, FlowState } from '../domain/clearing/flow-state.ts';
import { readinessVerdict } from '../domain/readiness/readiness.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import { passGate } from './command-gate.ts';
import type { Dependencies } from './dependencies.ts';
import { evaluateReadiness } from './readiness-items.ts';

/**
 * Evaluates the readiness items of a flow and stores each result: PASSED when no item of severity 1
 * or 2 failed but what was passed by hand, else BLOCKED. Safe to repeat: the command is applied by
 * one transaction only.
 */
export async function runReadiness(
  { db, clock }: Dependencies,
  ref: FlowRef,
  command: FlowCommand,
): Promise<FlowState> {
  return inTransaction(db, async (t) => {
    await lockLedgerDate(t.tx, ref.ledgerDate, 'share');
    const flow = await lockFlow(t.tx, ref);
    if ((await passGate(t, flow, command, clock.now())) === 'first') {
      const results = await evaluateReadiness(t, ref);
      await storeReadiness(t.tx, { ...ref, commandId: command.commandId, results });
      const passOf = await manualPassesOf(t.tx, ref, 'readiness');
      const readiness = readinessVerdict(
        results,
        ({ item, evidenceHash }) => passOf(item, evidenceHash) !== undefined,
      );
      await changeFlow(t.tx, ref, { readiness });
    }
    return loadFlow(t.tx, ref);
  });
}
