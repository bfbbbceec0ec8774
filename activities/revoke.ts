import { changeFlow, invalidateSteps, loadFlow, lockFlow } from '../db/flows.repository.ts';
import { findCommand } from '../db/commands.repository.ts';
import { lockLedgerDate } from '../db/ledger-dates.repository.ts';
import {
  endRevoke,
  insertRevoke,
  loadRevoke,
  unfinishedRevoke,
  type RevokeRow,
} from '../db/revokes.repository.ts';
import { discardRuns, newestRun } from '../db/step-runs.repository.ts';
import { inTransaction, type Transaction } from '../db/transaction.ts';
import type { FlowRef, FlowState } from '../domain/clearing/flow-state.ts';
import { dropsContracts, stepsToRepeat } from '../domain/clearing/revoke-rules.ts';
import { DAY_END_FLOW, type UndoStep } from '../domain/clearing/steps.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import { passGate } from './command-gate.ts';
import type { OpenedRevoke } from './contract.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Begins a revoke, or goes on with the one that is under way. Locks the ledger date FOR UPDATE, so
 * that no step opens and no edit lands while it is decided. Safe to repeat: a revoke that an
 * earlier attempt began is found and returned.
 */
export async function openRevoke(
  { db, clock }: Dependencies,
  ref: FlowRef,
  command: FlowCommand | null,
): Promise<OpenedRevoke> {
  return inTransaction(db, async (t) => {
    await lockLedgerDate(t.tx, ref.ledgerDate, 'update');
    const flow = await lockFlow(t.tx, ref);
    const underWay = await unfinishedRevoke(t.tx, ref);
    const passage = command ? await passGate(t, flow, command, clock.now()) : 'again';
    if (passage === 'first' && command) {
      const revoke = underWay ?? (await beginRevoke(t, flow, command));
      await changeFlow(t.tx, ref, { mode: 'REVOKING', readiness: 'STALE' });
      return { kind: 'undo', flow: await loadFlow(t.tx, ref), ...undoOf(revoke) };
    }
    if (passage === 'again' && underWay && flow.mode === 'REVOKING') {
      return { kind: 'undo', flow, ...undoOf(underWay) };
    }
    return { kind: 'stop', flow };
  });
}

async function beginRevoke(
  t: Transaction,
  flow: FlowState,
  command: FlowCommand,
): Promise<RevokeRow> {
  const row = await findCommand(t.tx, command.commandId);
  const reason = row?.payload['reason'];
  return insertRevoke(t.tx, {
    commandId: command.commandId,
    ledgerDate: flow.ledgerDate,
    flow: flow.flow,
    assetRollback: command.assetRollback ?? 'NO_OP',
    supplements: command.supplements ?? 'NO_OP',
    generation: flow.generation,
    person: command.person,
    reason: typeof reason === 'string' ? reason : '',
  });
}

const undoOf = (revoke: RevokeRow): { revokeId: number; undoSteps: readonly UndoStep[] } => ({
  revokeId: revoke.revokeId,
  undoSteps:
    revoke.assetRollback === 'UNDO' && revoke.flow !== DAY_END_FLOW
      ? ['undoSettlement', 'undoPosting']
      : [],
});

/**
 * Ends a revoke: what was built on the revoked steps no longer counts, the steps are INVALIDATED,
 * readiness is STALE and the flow waits in the next generation. Safe to repeat: a finished revoke
 * changes nothing.
 */
export async function finishRevoke({ db }: Dependencies, revokeId: number): Promise<FlowState> {
  return inTransaction(db, async (t) => {
    const revoke = await loadRevoke(t.tx, revokeId);
    await lockLedgerDate(t.tx, revoke.ledgerDate, 'update');
    const flow = await lockFlow(t.tx, revoke);
    const isOpen = (await loadRevoke(t.tx, revokeId)).status === 'RUNNING';
    if (isOpen) await reset(t, flow, revoke);
    return loadFlow(t.tx, revoke);
  });
}

async function reset(t: Transaction, flow: FlowState, revoke: RevokeRow): Promise<void> {
  const discarded = await discardDerived(t, flow, revoke);
  await invalidateSteps(t.tx, flow, stepsToRepeat(flow.flow, revoke));
  await changeFlow(t.tx, flow, {
    mode: 'IDLE',
    readiness: 'STALE',
    generation: flow.generation + 1,
    startedBy: null,
    startedAt: null,
    ...(flow.flow === DAY_END_FLOW ? {} : { tradesFrozenAt: await freezeInstant(t, flow, revoke) }),
  });
  await endRevoke(t.tx, revoke.revokeId, { discardedRuns: discarded });
}

/**
 * After an undo nothing of the date is posted, so every billing and posting run of it is discarded.
 * NO_OP keeps what was posted and discards only bills that were not: their orders are priced again.
 */
async function discardDerived(t: Transaction, flow: FlowState, revoke: RevokeRow): Promise<number> {
  const by = `revoke ${String(revoke.revokeId)}`;
  const { generation } = flow;
  if (flow.flow === DAY_END_FLOW) {
    return discardRuns(t.tx, { ...flow, steps: ['dataSummary'], generation, span: 'upTo' }, by);
  }
  if (revoke.assetRollback === 'UNDO') {
    const steps = ['billing', 'posting', 'settlement'] as const;
    return discardRuns(t.tx, { ...flow, steps, generation, span: 'upTo' }, by);
  }
  return dropsContracts(flow, revoke)
    ? discardRuns(t.tx, { ...flow, steps: ['billing'], generation, span: 'only' }, by)
    : 0;
}

/** With supplements NO_OP the set of trades is final as the newest snapshot took it. */
async function freezeInstant(
  t: Transaction,
  flow: FlowState,
  revoke: RevokeRow,
): Promise<string | null> {
  if (revoke.supplements === 'ADD_TO_CLEARING') return null;
  for (let generation = flow.generation; generation > 0; generation -= 1) {
    const sync = await newestRun(t.tx, flow, 'sync', generation);
    if (sync) return sync.startedAt;
  }
  return revoke.startedAt;
}
