import { lockLedgerDate } from '../db/ledger-dates.repository.ts';
import {
  manualPassesOf,
  newestReadinessResult,
  recordManualPass,
} from '../db/manual-passes.repository.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { PASS_KEYS, passTargetId, readinessPassRefusal } from '../domain/clearing/manual-pass.ts';
import { READINESS_ITEMS } from '../domain/readiness/readiness.ts';
import { Day, FlowId, oneOf, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

/**
 * 清算前准备结果修正: accept what a readiness item of severity 1 found missing. Readiness that runs
 * again passes the item as long as just this is missing.
 */
export const readinessPass = ticketKind({
  key: PASS_KEYS.readiness,
  name: {
    en: 'Pass a readiness item by hand',
    zhHans: '手动通过清算前准备',
    zhHant: '手動通過清算前準備',
  },
  targetType: 'readiness',
  target: strict({ ledgerDate: Day, flow: FlowId, item: oneOf(READINESS_ITEMS) }),
  payload: strict({}),
  ask: 'lb_hk_clearing.clearing_busin_step_exec',
  see: 'lb_hk_clearing.clearing_busin_steps',

  async subject(t, { target }) {
    const { item, flow } = target;
    const ref = { ledgerDate: target.ledgerDate as BusinessDate, flow };
    const date = await lockLedgerDate(t.tx, ref.ledgerDate, 'share');
    const found = await newestReadinessResult(t.tx, ref, item);
    const { severity, passed, details, evidenceHash } = found;
    const passOf = await manualPassesOf(t.tx, ref, 'readiness');
    const passedByHand = passOf(item, evidenceHash) !== undefined;
    const facts = { item, severity, passed, ...details };
    return {
      ...ref,
      targetId: passTargetId(ref, item),
      version: passed ? 'passed' : evidenceHash,
      before: { ...facts, fixStatus: passedByHand ? 'MANUALLY_PASSED' : 'NONE' },
      after: { ...facts, fixStatus: 'MANUALLY_PASSED' },
      refusal: readinessPassRefusal({ ...found, isOpenDate: date.status === 'OPEN', passedByHand }),
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, maker, approvers, subject }) {
      const ref = { ledgerDate: target.ledgerDate as BusinessDate, flow: target.flow };
      const pass = { ...ref, kind: 'readiness' as const, item: target.item };
      const evidenceHash = subject.version;
      const by = { ticketId, maker, approvers: [...approvers] };
      await recordManualPass(t.tx, { ...pass, evidenceHash, ...by });
      return { item: target.item, evidenceHash };
    },
  },
});
