import {
  defineQuery,
  defineSignal,
  defineUpdate,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import type { FlowState } from '../domain/clearing/flow-state.ts';
import type { DecisionKind, TicketHint } from '../domain/tickets/ticket.ts';

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

/** Signals of approvalTicket: hints that there is a decision row. A forged one changes nothing. */
export const ticketSignals: Readonly<Record<DecisionKind, SignalDefinition<[TicketHint]>>> = {
  approve: defineSignal('approve'),
  reject: defineSignal('reject'),
  withdraw: defineSignal('withdraw'),
  close: defineSignal('close'),
};
