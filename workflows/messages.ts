import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { CommandKind } from '../domain/clearing/commands.ts';
import type { FlowState } from '../domain/clearing/flow-state.ts';
import type { AssetRollback, SupplementsOption } from '../domain/clearing/revoke-rules.ts';
import type { StepId } from '../domain/clearing/steps.ts';

/** A command as it travels: its row in PostgreSQL is the truth, this is what a guard needs of it. */
export interface FlowCommand {
  readonly commandId: string;
  readonly kind: CommandKind;
  readonly person: string;
  readonly revision?: number | undefined;
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
  readonly waiting?: FlowCommand;
}

export interface LedgerDayInput {
  readonly ledgerDate: BusinessDate;
}

/** Accepted, nothing more: the outcome is in the command's row. */
export interface Accepted {
  readonly commandId: string;
}

/** Updates of clearingFlow. Operator commands are updates: somebody waits for yes or no. */
export const flowUpdates = {
  readiness: defineUpdate<Accepted, [FlowCommand]>('readiness'),
  start: defineUpdate<Accepted, [FlowCommand]>('start'),
  pause: defineUpdate<Accepted, [FlowCommand]>('pause'),
  runStep: defineUpdate<Accepted, [FlowCommand]>('runStep'),
  revoke: defineUpdate<Accepted, [FlowCommand]>('revoke'),
} as const;
export type FlowCommandKind = keyof typeof flowUpdates;

/** Update of ledgerDay. */
export const dayCutUpdate = defineUpdate<Accepted, [FlowCommand]>('dayCut');

/** A hint that facts in PostgreSQL changed (a file, a supplement, the day cut): look again. */
export const flowChangedSignal = defineSignal('flowChanged');

export const flowStateQuery = defineQuery<FlowState>('flowState');
