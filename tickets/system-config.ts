import Type from 'typebox';
import Value from 'typebox/value';
import { loadFlowsOf } from '../db/flows.repository.ts';
import { lockLedgerDate, openLedgerDateRow } from '../db/ledger-dates.repository.ts';
import { loadSetting, lockSetting, saveSetting } from '../db/settings.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { FlowState } from '../domain/clearing/flow-state.ts';
import type { Refusal } from '../domain/clearing/guards.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { SettingKind } from '../domain/settings/settings.ts';
import { oneOf, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

const VALUES = {
  readiness: strict({
    severity: Type.Integer({ minimum: 0, maximum: 2 }),
    enabled: Type.Boolean(),
  }),
  channel: strict({
    matchMode: oneOf(['execution', 'order', 'instrument', 'none']),
    tolerance: Type.String({
      pattern: String.raw`^(1000(\.0+)?|\d{1,3}(\.\d{1,8})?)$`,
      description: 'From 0 (exact) to 1000, in the trade currency.',
    }),
    fuzzyByInstrument: Type.Boolean(),
  }),
  cutoff: strict({
    time: Type.String({
      pattern: String.raw`^([01]\d|2[0-3]):[0-5]\d$`,
      description: 'HH:MM in Hong Kong, of ledger dates that are opened from now on.',
    }),
  }),
} satisfies Record<SettingKind, unknown>;

/** 清算系统配置: change a setting. What it was, and who wanted it otherwise, stays readable. */
export const systemConfig = ticketKind({
  key: 'clearing.update_system_config.exec',
  name: { en: 'Change a setting', zhHans: '修改清算系统配置', zhHant: '修改清算系統配置' },
  targetType: 'setting',
  target: strict({ setting: Type.String({ minLength: 1, maxLength: 64 }) }),
  payload: strict({ value: Type.Union([VALUES.readiness, VALUES.channel, VALUES.cutoff]) }),
  ask: 'clearing.settings_operation',
  see: 'lb_hk_clearing.clearing_busin_steps',

  async subject(t, { target: { setting }, payload }, { lock }) {
    const flows = await openFlows(t, lock);
    if (lock) await lockSetting(t, setting);
    const { name, version, value } = await loadSetting(t.tx, setting);
    if (!Value.Check(VALUES[name.kind], payload.value)) {
      throw new ClearingError('BAD_REQUEST', {
        errors: [{ in: 'body', field: '/payload/value', message: `is no value of ${setting}` }],
      });
    }
    return {
      targetId: setting,
      version: String(version),
      before: { ...value },
      after: { ...payload.value },
      refusal: name.kind === 'readiness' ? startedRefusal(flows) : undefined,
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target: { setting }, payload, maker, approvers, subject }) {
      const value = payload.value;
      const by = { changedBy: maker, approvedBy: approvers, ticketId };
      await saveSetting(t.tx, { setting, value, ...by });
      return { version: Number(subject.version) + 1, ...subject.after };
    },
  },
});

/** The flows of the open ledger date; locked, so that no task starts while the setting changes. */
async function openFlows(t: Transaction, lock: boolean): Promise<readonly FlowState[]> {
  const open = await openLedgerDateRow(t.tx);
  if (!open) return [];
  if (lock) await lockLedgerDate(t.tx, open.ledgerDate, 'update');
  return loadFlowsOf(t.tx, open.ledgerDate);
}

/** Whoever clears a day must be able to rely on its readiness: it changes between days only. */
function startedRefusal(flows: readonly FlowState[]): Refusal | undefined {
  const started = flows
    .filter(({ steps }) => Object.values(steps).some((status) => status !== 'NOT_STARTED'))
    .map(({ flow }) => flow);
  const [ledgerDate] = flows.map((flow) => flow.ledgerDate);
  return started.length === 0
    ? undefined
    : { code: 'DAY_TASKS_STARTED', details: { ledgerDate, flows: started } };
}
