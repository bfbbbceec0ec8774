import type { Dependencies as Base, WorkflowDoor } from './dependencies.ts';
import type {
  ArchiveActivities,
  BatchActivities,
  OpsActivities,
  TicketActivities,
} from './contract.ts';
import type { ClosedRuns } from '../temporal/closed-runs.ts';
import { loadFlow } from '../db/flows.repository.ts';
import { loadRevoke } from '../db/revokes.repository.ts';
import { archiveHistory } from './archive-history.ts';
import { cutDay, openDay, tellFlows } from './day-cut.ts';
import { recordPause } from './pause.ts';
import { finishRevoke, openRevoke } from './revoke.ts';
import { runReadiness } from './run-readiness.ts';
import { closeStep, failStep, openStep, openUndo } from './step-control.ts';
import { advanceTicket, type TicketDependencies } from './tickets/advance-ticket.ts';
import { executeTicket } from './tickets/execute-ticket.ts';
import { workShard } from './work-shard.ts';

/** The registry of short activities; dependencies come in here and nowhere else. */
export function createOpsActivities(
  deps: TicketDependencies & { readonly door: WorkflowDoor; readonly closedRuns: ClosedRuns },
): OpsActivities & TicketActivities & ArchiveActivities {
  return {
    loadFlowState: (ref) => loadFlow(deps.db, ref),
    runReadiness: (ref, command) => runReadiness(deps, ref, command),
    openStep: (ref, command) => openStep(deps, ref, command),
    closeStep: (stepRunId) => closeStep(deps, stepRunId),
    failStep: (stepRunId, failure) => failStep(deps, stepRunId, failure),
    recordPause: (ref, command) => recordPause(deps, ref, command),
    openRevoke: (ref, command) => openRevoke(deps, ref, command),
    openUndo: async (revokeId, step) => openUndo(deps, await loadRevoke(deps.db, revokeId), step),
    finishRevoke: (revokeId) => finishRevoke(deps, revokeId),
    cutDay: (ledgerDate, command) => cutDay(deps, ledgerDate, command),
    openDay: (ledgerDate) => openDay(deps, ledgerDate),
    tellFlows: (ledgerDate) => tellFlows(deps, ledgerDate),
    advanceTicket: (ticketId) => advanceTicket(deps, ticketId),
    executeTicket: (ticketId) => executeTicket(deps, ticketId),
    archiveHistory: (run) => archiveHistory(deps, run),
  };
}

/** The registry of shard work. */
export function createBatchActivities(deps: Base): BatchActivities {
  return { workShard: (stepRunId, shard) => workShard(deps, stepRunId, shard) };
}
