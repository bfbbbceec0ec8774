import { loadDayFacts, loadFlow, lockFlow } from '../db/flows.repository.ts';
import { lockLedgerDate } from '../db/ledger-dates.repository.ts';
import { revocableCounts, type RevocableCounts } from '../db/revokes.repository.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowState } from '../domain/clearing/flow-state.ts';
import { refusalOf } from '../domain/clearing/guards.ts';
import {
  ASSET_ROLLBACKS,
  dropsContracts,
  revoked,
  SUPPLEMENTS_OPTIONS,
  type RevokeOptions,
} from '../domain/clearing/revoke-rules.ts';
import { ticketKind, type Facts } from './ticket-kind.ts';
import { Day, FlowId, oneOf, strict } from './payload-fields.ts';

/** The flow as an approver sees it; changed by every command and every revoke of it. */
export const flowVersion = ({ generation, revision }: FlowState): string =>
  `generation ${generation}, revision ${revision}`;

const factsOf = (flow: FlowState, counts: RevocableCounts): Facts => ({
  mode: flow.mode,
  readiness: flow.readiness,
  generation: flow.generation,
  steps: flow.steps,
  tradesFrozen: flow.tradesFrozen,
  contracts: counts.contracts,
  postedJournals: counts.posted,
  settledJournals: counts.settled,
});

function countsAfter(
  flow: FlowState,
  counts: RevocableCounts,
  options: RevokeOptions,
): RevocableCounts {
  const contracts = dropsContracts(flow, options) ? 0 : counts.contracts;
  return options.assetRollback === 'UNDO'
    ? { contracts, posted: 0, settled: 0 }
    : { ...counts, contracts };
}

/** 清算撤销: undo what a flow did on the open ledger date, or keep it and let trades join. */
export const reClearing = ticketKind({
  key: 'clearing.re_clearing.exec',
  name: { en: 'Revoke a flow', zhHans: '清算撤销', zhHant: '清算撤銷' },
  targetType: 'flow',
  target: strict({ ledgerDate: Day, flow: FlowId }),
  payload: strict({
    assetRollback: oneOf(ASSET_ROLLBACKS),
    supplements: oneOf(SUPPLEMENTS_OPTIONS),
  }),
  ask: 'clearing.revoke_exec',
  see: 'clearing.ledger_query',

  async subject(t, { target, payload }, { now, lock }) {
    const ref = { ledgerDate: target.ledgerDate as BusinessDate, flow: target.flow };
    if (lock) await lockLedgerDate(t.tx, ref.ledgerDate, 'share');
    const flow = await (lock ? lockFlow : loadFlow)(t.tx, ref);
    const counts = await revocableCounts(t.tx, ref);
    const day = await loadDayFacts(t.tx, ref, now);
    return {
      ...ref,
      targetId: `${ref.ledgerDate}/${ref.flow}`,
      version: flowVersion(flow),
      before: factsOf(flow, counts),
      after: factsOf(revoked(flow, payload), countsAfter(flow, counts, payload)),
      refusal: refusalOf({ kind: 'revoke', ...payload }, flow, day),
    };
  },

  effect: {
    kind: 'command',
    command: ({ target, payload, reason, subject }) => ({
      kind: 'revoke',
      ledgerDate: target.ledgerDate as BusinessDate,
      flow: target.flow,
      revision: revisionOf(subject.version),
      payload: { ...payload, reason },
    }),
  },
});

const revisionOf = (version: string): number => Number(version.split(' ').at(-1));
