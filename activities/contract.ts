import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowRef, FlowState } from '../domain/clearing/flow-state.ts';
import type { RunnableStep, UndoStep } from '../domain/clearing/steps.ts';
import type { ErrorCode } from '../domain/errors/error-catalogue.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import type { TicketProgress } from '../domain/tickets/ticket.ts';

/** What opening a step led to. */
export type OpenedStep =
  /** Shards to work on, then closeStep. */
  | {
      readonly kind: 'work';
      readonly flow: FlowState;
      readonly stepRunId: number;
      readonly step: RunnableStep;
      readonly shards: readonly number[];
    }
  /** The step ended inside its opening: empty, or refused by its own plan. */
  | { readonly kind: 'ended'; readonly flow: FlowState }
  /** Nothing to run now: the command was refused, or the flow is paused, through or in error. */
  | { readonly kind: 'stop'; readonly flow: FlowState };

export interface StepFailure {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
}

export type OpenedRevoke =
  | { readonly kind: 'stop'; readonly flow: FlowState }
  | {
      readonly kind: 'undo';
      readonly flow: FlowState;
      readonly revokeId: number;
      readonly undoSteps: readonly UndoStep[];
    };

export type DayCutOutcome =
  | { readonly kind: 'refused'; readonly isCut: boolean }
  | { readonly kind: 'cut'; readonly nextLedgerDate: BusinessDate };

/** One run of a workflow. */
export interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
}

/** Short activities, beside the workflows: each is one transaction and safe to repeat. */
export interface OpsActivities {
  loadFlowState(ref: FlowRef): Promise<FlowState>;
  runReadiness(ref: FlowRef, command: FlowCommand): Promise<FlowState>;
  openStep(ref: FlowRef, command: FlowCommand | null): Promise<OpenedStep>;
  closeStep(stepRunId: number): Promise<FlowState>;
  failStep(stepRunId: number, failure: StepFailure): Promise<FlowState>;
  recordPause(ref: FlowRef, command: FlowCommand): Promise<FlowState>;
  openRevoke(ref: FlowRef, command: FlowCommand | null): Promise<OpenedRevoke>;
  openUndo(revokeId: number, step: UndoStep): Promise<OpenedStep>;
  finishRevoke(revokeId: number): Promise<FlowState>;
  cutDay(ledgerDate: BusinessDate, command: FlowCommand): Promise<DayCutOutcome>;
  openDay(ledgerDate: BusinessDate): Promise<void>;
  tellFlows(ledgerDate: BusinessDate): Promise<void>;
}

/** What a ticket asks for, on the same queue and of the same kind. */
export interface TicketActivities {
  advanceTicket(ticketId: string): Promise<TicketProgress>;
  executeTicket(ticketId: string): Promise<TicketProgress>;
}

/** The archivist's, on the same queue. */
export interface ArchiveActivities {
  archiveHistory(run: RunRef): Promise<void>;
}

/** Shards, in processes of their own. */
export interface BatchActivities {
  workShard(stepRunId: number, shard: number): Promise<{ readonly rowsDone: number }>;
}
