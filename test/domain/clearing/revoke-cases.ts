import type { FlowState } from '../../../domain/clearing/flow-state.ts';
import { billed, completed, upTo, type Case } from './guard-cases.ts';

/** After a revoke that kept the postings, before the flow runs again. */
const kept: Partial<FlowState> = {
  generation: 2,
  tradesFrozen: true,
  steps: {
    ...upTo('preCheck'),
    billing: 'INVALIDATED',
    posting: 'INVALIDATED',
    settlement: 'INVALIDATED',
  },
};
const standing = { hasUnreversedJournals: true };

export const REVOKE_CASES: readonly Case[] = [
  [
    'a running flow is paused before a revoke',
    { kind: 'revoke', assetRollback: 'UNDO' },
    { mode: 'AUTO_RUNNING' },
    {},
    'STEP_IN_PROGRESS',
  ],
  [
    'nothing billed, nothing to revoke',
    { kind: 'revoke', assetRollback: 'UNDO' },
    { mode: 'PAUSED', steps: upTo('preCheck') },
    {},
    'NOTHING_TO_REVOKE',
  ],
  ['bills can be dropped', { kind: 'revoke', assetRollback: 'NO_OP' }, billed, {}, undefined],
  [
    'a half posting only undoes',
    { kind: 'revoke', assetRollback: 'NO_OP' },
    { mode: 'PAUSED_ON_ERROR', steps: { ...upTo('billing'), posting: 'FAILED' } },
    {},
    'REVOKE_NEEDS_UNDO',
  ],
  [
    'a half posting can be undone',
    { kind: 'revoke', assetRollback: 'UNDO' },
    { mode: 'PAUSED_ON_ERROR', steps: { ...upTo('billing'), posting: 'FAILED' } },
    {},
    undefined,
  ],
  [
    'the day end is revoked first',
    { kind: 'revoke', assetRollback: 'UNDO' },
    completed,
    { dayEndBegun: true },
    'REVOKE_ORDER',
  ],
  [
    'an untouched day end has nothing to revoke',
    { kind: 'revoke' },
    { flow: 'day-end' },
    {},
    'NOTHING_TO_REVOKE',
  ],
  [
    'a half revoke blocks everything else',
    { kind: 'start' },
    { revokeUnfinished: true, mode: 'PAUSED_ON_ERROR' },
    {},
    'REVOKE_UNFINISHED',
  ],
  [
    'a half revoke goes on',
    { kind: 'revoke', assetRollback: 'UNDO' },
    { revokeUnfinished: true, mode: 'PAUSED_ON_ERROR' },
    {},
    undefined,
  ],
  [
    'an undo takes back what an earlier revoke kept',
    { kind: 'revoke', assetRollback: 'UNDO', supplements: 'NO_OP' },
    kept,
    standing,
    undefined,
  ],
  [
    'there is nothing to keep twice',
    { kind: 'revoke', assetRollback: 'NO_OP', supplements: 'NO_OP' },
    kept,
    standing,
    'NOTHING_TO_REVOKE',
  ],
  [
    'nothing to undo twice',
    { kind: 'revoke', assetRollback: 'UNDO', supplements: 'NO_OP' },
    kept,
    {},
    'NOTHING_TO_REVOKE',
  ],
  [
    'a frozen set of trades can be opened again',
    { kind: 'revoke', assetRollback: 'NO_OP', supplements: 'ADD_TO_CLEARING' },
    kept,
    {},
    undefined,
  ],
  [
    'an open one need not be',
    { kind: 'revoke', assetRollback: 'NO_OP', supplements: 'ADD_TO_CLEARING' },
    { ...kept, tradesFrozen: false },
    standing,
    'NOTHING_TO_REVOKE',
  ],
  [
    'a revoke waits for the other flow',
    { kind: 'revoke', assetRollback: 'UNDO' },
    completed,
    { busyFlows: [{ flow: 'US', mode: 'AUTO_RUNNING' }] },
    'STEP_IN_PROGRESS',
  ],
  [
    'so does a half revoke',
    { kind: 'revoke', assetRollback: 'UNDO' },
    { revokeUnfinished: true, mode: 'PAUSED_ON_ERROR' },
    { busyFlows: [{ flow: 'US', mode: 'REVOKING' }] },
    'STEP_IN_PROGRESS',
  ],
];
