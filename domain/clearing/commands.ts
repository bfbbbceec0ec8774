import type { FlowState } from './flow-state.ts';
import type { AssetRollback, SupplementsOption } from './revoke-rules.ts';
import type { StepId } from './steps.ts';

/** Operator commands. Each is a row first, then an update of the workflow that it speaks to. */
export const COMMAND_KINDS = [
  'readiness',
  'start',
  'pause',
  'runStep',
  'revoke',
  'dayCut',
] as const;
export type CommandKind = (typeof COMMAND_KINDS)[number];

/**
 * RECORDED: the API wrote it down. APPLIED: the flow's own activity wrote its first effect.
 * REFUSED: a guard said no, with a code. EXPIRED: nobody took it in time, and nobody ever will.
 */
export type CommandStatus = 'RECORDED' | 'APPLIED' | 'REFUSED' | 'EXPIRED';

/**
 * A command as it travels: its row in PostgreSQL is the truth, this is what a guard needs of it.
 */
export interface FlowCommand {
  readonly commandId: string;
  readonly kind: CommandKind;
  readonly person: string;
  readonly revision?: number | undefined;
  /** The flow's revision in PostgreSQL when the command was sent: a copy below it is stale. */
  readonly flowRevision: number;
  /** ISO instant after which nobody may accept it: a late delivery must not act. */
  readonly expiresAt: string;
  readonly step?: StepId | undefined;
  readonly assetRollback?: AssetRollback | undefined;
  readonly supplements?: SupplementsOption | undefined;
}

/** What a clearingFlow is opened with: its state, so that its handlers can judge at once. */
export interface FlowInput {
  readonly state: FlowState;
  /** The newest final commands: a repeated delivery of one of them changes nothing. */
  readonly knownCommandIds: readonly string[];
  /** Accepted by the former run and not yet dealt with. */
  readonly waiting?: readonly FlowCommand[];
}
