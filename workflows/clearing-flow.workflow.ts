import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  workflowInfo,
} from '@temporalio/workflow';
import type { OpenedStep } from '../activities/contract.ts';
import { isBusy, type FlowState } from '../domain/clearing/flow-state.ts';
import type { FlowMode } from '../domain/clearing/steps.ts';
import { refusalFromFailure } from '../temporal/failure.ts';
import { batch, ops } from './activity-proxies.ts';
import { FlowDesk } from './flow-desk.ts';
import type { FlowCommand, FlowInput } from '../domain/clearing/commands.ts';

/**
 * One-click clearing of one flow on one ledger date: it waits for commands, runs the steps of its
 * table one after another, and ends when the date is cut. Its state lives in PostgreSQL; losing
 * this workflow loses nothing, since it is opened again from there.
 */
export async function clearingFlow(input: FlowInput): Promise<void> {
  const desk = new FlowDesk(input);
  void desk.recordPauses();

  if (await resume(desk, input.state.mode)) return openNextRun(desk);
  while (desk.state.mode !== 'CLOSED') {
    const command = await desk.nextCommand();
    switch (command?.kind) {
      case undefined:
        desk.learn(await ops.loadFlowState(desk.state));
        break;
      case 'readiness':
        desk.settle(command, await ops.runReadiness(desk.state, command));
        break;
      case 'start':
      case 'runStep':
        await runSteps(desk, command);
        break;
      case 'revoke':
        if (await revoke(desk, command)) return openNextRun(desk);
        break;
      case 'pause':
      case 'dayCut':
        throw new Error(`${command.kind} does not wait at the desk`);
    }
    if (workflowInfo().continueAsNewSuggested) return openNextRun(desk);
  }
  await condition(allHandlersFinished);
}

/**
 * Goes on with what was under way when this run was opened: nothing, a chain, or a revoke. True
 * when a revoke came to its end, after which the next generation gets a run of its own.
 */
async function resume(desk: FlowDesk, mode: FlowMode): Promise<boolean> {
  if (mode === 'REVOKING') return revoke(desk, null);
  if (isBusy(mode)) await runSteps(desk, null);
  return false;
}

/**
 * The chain: open the next step, work its shards, close it, until the flow pauses, fails or is
 * through. A single step is a chain that PostgreSQL stops after one. The command is applied in the
 * transaction that opens the first step.
 */
async function runSteps(desk: FlowDesk, command: FlowCommand | null): Promise<void> {
  let opened = await ops.openStep(desk.state, command);
  desk.settle(command, opened.flow);
  while (opened.kind !== 'stop') {
    if (opened.kind === 'work') desk.learn(await workStep(opened));
    // A pause that was accepted meanwhile must be seen by the next opening.
    await desk.pausesRecorded();
    opened = await ops.openStep(desk.state, null);
    desk.learn(opened.flow);
  }
}

/** Works every shard of a step and closes it; a failed shard fails the step once all have ended. */
async function workStep(step: OpenedStep & { kind: 'work' }): Promise<FlowState> {
  const shards = await Promise.allSettled(
    step.shards.map((shard) => batch.workShard(step.stepRunId, shard)),
  );
  const failed = shards.find((shard) => shard.status === 'rejected');
  if (!failed) return ops.closeStep(step.stepRunId);
  // Anything but a failed activity is a bug here: it fails the task and heals with a fixed deploy.
  if (!(failed.reason instanceof ActivityFailure)) throw failed.reason;
  return ops.failStep(step.stepRunId, refusalFromFailure(failed.reason));
}

/**
 * Undoes in reverse step order, then raises the generation. False when it was refused or when an
 * undo failed: the flow is then parked with the reason, and a repeated revoke goes on where it was.
 */
async function revoke(desk: FlowDesk, command: FlowCommand | null): Promise<boolean> {
  const opened = await ops.openRevoke(desk.state, command);
  desk.settle(command, opened.flow);
  if (opened.kind === 'stop') return false;
  for (const step of opened.undoSteps) {
    const undo = await ops.openUndo(opened.revokeId, step);
    const flow = undo.kind === 'work' ? await workStep(undo) : undo.flow;
    desk.learn(flow);
    if (flow.mode === 'PAUSED_ON_ERROR') return false;
  }
  desk.learn(await ops.finishRevoke(opened.revokeId));
  return true;
}

/** One run a generation keeps histories short; what was learned travels in the input. */
async function openNextRun(desk: FlowDesk): Promise<void> {
  await desk.pausesRecorded();
  await condition(allHandlersFinished);
  await continueAsNew<typeof clearingFlow>(desk.handOver());
}
