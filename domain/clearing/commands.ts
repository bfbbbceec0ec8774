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
