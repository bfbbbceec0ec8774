import Type from 'typebox';
import { openLedgerDateRow } from '../db/ledger-dates.repository.ts';
import {
  addDefaultPackage,
  hasPackage,
  loadDefaultPackage,
  lockPackages,
} from '../db/packages.repository.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { ACCOUNT_KINDS } from '../domain/trades/trade.ts';
import { Name } from './fee-fields.ts';
import { oneOf, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

/** 机构默认套餐: which general package new accounts of a kind get. Accounts that exist keep theirs. */
export const defaultPackage = ticketKind({
  key: 'billing.default_package.exec',
  name: { en: 'Default package of new accounts', zhHans: '机构默认套餐', zhHant: '機構預設套餐' },
  targetType: 'default_package',
  target: strict({ market: Name, accountKind: oneOf(ACCOUNT_KINDS) }),
  payload: strict({
    scheduleId: Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: 64 }),
  }),
  ask: 'billing.fee_rule_operation',
  see: 'clearing.ledger_query',

  async subject(t, { target, payload: { scheduleId } }, { lock }) {
    const targetId = `${target.market}/${target.accountKind}`;
    if (lock) await lockPackages(t, targetId);
    const now = await loadDefaultPackage(t.tx, target);
    const open = await openLedgerDateRow(t.tx);
    const { market } = target;
    const isUsable =
      scheduleId === null ||
      (open !== undefined && (await hasPackage(t.tx, { market, scheduleId }, open.ledgerDate)));
    if (!isUsable) {
      const message = 'is no package that has a rule in force in this market';
      throw new ClearingError('BAD_REQUEST', {
        errors: [{ in: 'body', field: '/payload/scheduleId', message }],
      });
    }
    return {
      targetId,
      version: String(now.version),
      before: { scheduleId: now.scheduleId },
      after: { scheduleId },
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload: { scheduleId }, maker, approvers, subject }) {
      const version = Number(subject.version) + 1;
      const by = { addedBy: maker, approvedBy: [...approvers], ticketId };
      await addDefaultPackage(t.tx, { ...target, version, scheduleId }, by);
      return { version, scheduleId };
    },
  },
});
