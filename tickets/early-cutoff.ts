import Type from 'typebox';
import { recordAuditEvent } from '../db/audit.repository.ts';
import { flowsPastCutoff } from '../db/flows.repository.ts';
import { ledgerDateRow, lockLedgerDate, moveCutoff } from '../db/ledger-dates.repository.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { askedCutoff, earlyCutoffRefusal } from '../domain/calendar/cutoff.ts';
import { Day, Instant, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

/** 提前日切: what the front office records later belongs to the next ledger date. */
export const earlyCutoff = ticketKind({
  key: 'clearing.advance_day_cutoff.exec',
  name: { en: 'Early cutoff', zhHans: '提前日切', zhHant: '提前日切' },
  targetType: 'ledger_date',
  target: strict({ ledgerDate: Day }),
  payload: strict({ cutoffAt: Type.Optional(Instant) }),
  ask: 'lb_hk_clearing.clearing_busin_step_exec',
  see: 'lb_hk_clearing.clearing_busin_steps',
  complete: ({ cutoffAt }, now) => ({ cutoffAt: askedCutoff(cutoffAt, now).toISOString() }),

  async subject(t, { target, payload }, { now, lock }) {
    const ledgerDate = target.ledgerDate as BusinessDate;
    // Steps hold the date FOR SHARE: none freezes the cutoff while it moves.
    const date = lock
      ? await lockLedgerDate(t.tx, ledgerDate, 'update')
      : await ledgerDateRow(t.tx, ledgerDate);
    const present = new Date(date.cutoffAt);
    const asked = askedAt(payload);
    return {
      targetId: ledgerDate,
      version: present.toISOString(),
      ledgerDate,
      before: { cutoffAt: present.toISOString() },
      after: { cutoffAt: asked.toISOString() },
      refusal: earlyCutoffRefusal(asked, {
        isOpenDate: date.status === 'OPEN',
        cutoffAt: present,
        now,
        begunFlows: await flowsPastCutoff(t.tx, ledgerDate),
      }),
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload, maker, approvers, subject }) {
      const ledgerDate = target.ledgerDate as BusinessDate;
      await moveCutoff(t.tx, ledgerDate, askedAt(payload));
      await recordAuditEvent(t.tx, {
        person: maker,
        action: 'ledger_date.cutoff_moved',
        outcome: 'ACCEPTED',
        targetType: 'ledger_date',
        targetId: ledgerDate,
        ledgerDate,
        before: subject.before,
        after: { ...subject.after, approvers },
        ticketId,
        workflowId: `ledger-day/${ledgerDate}`,
      });
      return subject.after;
    },
  },
});

/** `complete` has filled it in. */
const askedAt = ({ cutoffAt }: { readonly cutoffAt?: string }): Date => new Date(cutoffAt ?? NaN);
