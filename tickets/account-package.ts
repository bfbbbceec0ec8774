import { openLedgerDateRow } from '../db/ledger-dates.repository.ts';
import { givePackage, hasPackage, loadPackages, lockPackages } from '../db/packages.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { Name } from './fee-fields.ts';
import { Day, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

/** 客户套餐: an account pays another general package from a day on; it has one in a market at a time. */
export const accountPackage = ticketKind({
  key: 'billing.account_package.exec',
  name: { en: 'General package of an account', zhHans: '客户收费套餐', zhHant: '客戶收費套餐' },
  targetType: 'account_package',
  target: strict({ accountNo: Name, market: Name }),
  payload: strict({ scheduleId: Name, effectiveFrom: Day }),
  ask: 'billing.fee_rule_operation',
  see: 'clearing.ledger_query',

  async subject(t, { target, payload }, { lock }) {
    const targetId = `${target.accountNo}/${target.market}`;
    if (lock) await lockPackages(t, targetId);
    const effectiveFrom = payload.effectiveFrom as BusinessDate;
    const { packages } = await loadPackages(t.tx, target);
    await assertUsable(t, target.market, { ...payload, effectiveFrom });
    const now = packages.find((each) => each.effectiveFrom <= effectiveFrom);
    return {
      targetId,
      version: JSON.stringify(packages),
      before: now === undefined ? {} : { ...now },
      after: { scheduleId: payload.scheduleId, effectiveFrom, effectiveTo: null },
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload }) {
      const { accountId } = await loadPackages(t.tx, target);
      const effectiveFrom = payload.effectiveFrom as BusinessDate;
      const { scheduleId } = payload;
      await givePackage(t.tx, {
        ...{ accountId, market: target.market, scheduleId, effectiveFrom, ticketId },
      });
      return { scheduleId, effectiveFrom };
    },
  },
});

const refused = (field: string, message: string): ClearingError =>
  new ClearingError('BAD_REQUEST', {
    errors: [{ in: 'body', field: `/payload/${field}`, message }],
  });

/** Trades of cut dates were billed by what was in force then. */
async function assertUsable(
  t: Transaction,
  market: string,
  asked: { readonly scheduleId: string; readonly effectiveFrom: BusinessDate },
): Promise<void> {
  const open = await openLedgerDateRow(t.tx);
  if (open && asked.effectiveFrom < open.ledgerDate) {
    throw refused('effectiveFrom', `lies before the open ledger date ${open.ledgerDate}`);
  }
  if (!(await hasPackage(t.tx, { market, ...asked }, asked.effectiveFrom))) {
    throw refused('scheduleId', 'is no package that has a rule in force then in this market');
  }
}
