import { lockLedgerDate } from '../db/ledger-dates.repository.ts';
import { checkToPass, manualPassesOf, recordManualPass } from '../db/manual-passes.repository.ts';
import { checkItem, PASS_KEYS, passRefusal, passTargetId } from '../domain/clearing/manual-pass.ts';
import { Id, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

/**
 * 清算检查结果修正: accept the differences of a failed check. Running the check again passes as long
 * as it finds the same ones.
 */
export const checkPass = ticketKind({
  key: PASS_KEYS.check,
  name: { en: 'Pass a check by hand', zhHans: '手动通过清算检查', zhHant: '手動通過清算檢查' },
  targetType: 'check',
  target: strict({ taskId: Id }),
  payload: strict({}),
  ask: 'lb_hk_clearing.clearing_busin_step_exec',
  see: 'lb_hk_clearing.clearing_busin_steps',

  async subject(t, { target }) {
    const { seen, newest } = await checkToPass(t.tx, target.taskId);
    const { ledgerDate, flow, taskStatus, taskNum, differencesHash } = newest;
    const date = await lockLedgerDate(t.tx, ledgerDate, 'share');
    const item = checkItem(newest);
    const passOf = await manualPassesOf(t.tx, newest, 'check');
    const passed = taskStatus === 'PASSED';
    const passedByHand = passOf(item, differencesHash) !== undefined;
    const facts = { check: item, taskStatus, differences: taskNum, differencesHash };
    return {
      targetId: passTargetId(newest, item),
      version: passed ? 'passed' : differencesHash,
      ledgerDate,
      flow,
      before: { ...facts, fixStatus: passedByHand ? 'MANUALLY_PASSED' : 'NONE' },
      after: { ...facts, fixStatus: 'MANUALLY_PASSED' },
      refusal:
        passRefusal({ isOpenDate: date.status === 'OPEN', passed, passedByHand }) ??
        // Whoever asks must have seen the differences that there are now.
        (seen.differencesHash === differencesHash
          ? undefined
          : { code: 'VERSION_CONFLICT', details: { seen: seen.taskId, newest: newest.taskId } }),
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, maker, approvers, subject }) {
      const { newest } = await checkToPass(t.tx, target.taskId);
      const { ledgerDate, flow } = newest;
      const item = checkItem(newest);
      const pass = { ledgerDate, flow, kind: 'check' as const, item };
      const evidenceHash = subject.version;
      const by = { ticketId, maker, approvers: [...approvers] };
      await recordManualPass(t.tx, { ...pass, evidenceHash, ...by });
      return { check: item, differencesHash: evidenceHash };
    },
  },
});
