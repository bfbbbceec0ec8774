// The registry of workflow types: re-exports and nothing else.
export { approvalTicket } from './approval-ticket.workflow.ts';
export { archiveHistory } from './archive-history.workflow.ts';
export { clearingFlow } from './clearing-flow.workflow.ts';
export { ledgerDay } from './ledger-day.workflow.ts';
