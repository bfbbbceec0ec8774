import { createHash } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { recordAuditEvent } from '../../../db/audit.repository.ts';
import type { Db } from '../../../db/client.ts';
import { applyCommand, recordCommand, refuseCommand } from '../../../db/commands.repository.ts';
import { writeDailyRoot } from '../../../db/daily-roots.repository.ts';
import { closeLedgerDate, lockLedgerDate } from '../../../db/ledger-dates.repository.ts';
import { manualPasses } from '../../../db/schema/manual-passes.ts';
import { settingVersions } from '../../../db/schema/settings.ts';
import { ticketDecisions, ticketFlows, tickets } from '../../../db/schema/tickets.ts';
import { seedPeople } from '../../../db/seed/people.ts';
import { discardRuns } from '../../../db/step-runs.repository.ts';
import { inTransaction } from '../../../db/transaction.ts';
import type { BusinessDate } from '../../../domain/calendar/business-date.ts';
import type { DecimalString } from '../../../domain/money/decimal.ts';
import {
  addTrades,
  MON_2025_12_22,
  openDate,
  smallBroker,
  TUE_2025_12_23,
} from '../../bulk/support/broker.ts';
import { runStep, type Place } from '../../bulk/support/run-step.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const EXPIRES = '2025-12-22T12:00:00Z';

/** Text that would break a careless canonical form. */
export const NASTY = 'quote " back\\slash tab\t line\nbreak \u0001 \\N 清算 \u{1f512}';

export async function command(
  db: Db,
  commandId: string,
  outcome: 'APPLIED' | 'REFUSED' | 'RECORDED',
): Promise<void> {
  await inTransaction(db, async ({ tx }) => {
    await recordCommand(tx, {
      commandId,
      kind: 'start',
      ledgerDate: MON_2025_12_22,
      flow: 'HK',
      person: 'operator',
      payload: { reason: NASTY },
      payloadHash: createHash('sha256').update(commandId).digest('hex'),
      revisionSeen: 1,
      expiresAt: EXPIRES,
    });
  });
  await inTransaction(db, async ({ tx }) => {
    if (outcome === 'APPLIED') await applyCommand(tx, commandId);
    if (outcome === 'REFUSED') {
      await refuseCommand(tx, commandId, { code: 'ALREADY_RUNNING', details: { mode: 'PAUSED' } });
    }
  });
}

async function ticket(db: Db, ticketId: string): Promise<void> {
  const now = new Date().toISOString();
  await db.insert(tickets).values({
    ticketId,
    ticketKey: 'clearing.re_clearing.exec',
    targetType: 'flow',
    targetId: '2025-12-22/HK',
    target: { ledgerDate: MON_2025_12_22, flow: 'HK' },
    targetVersion: '7',
    ledgerDate: MON_2025_12_22,
    flow: 'HK',
    payload: { reason: NASTY },
    payloadHash: 'hash of the payload',
    before: { mode: 'COMPLETED' },
    after: { mode: 'IDLE' },
    amount: '12.50' as DecimalString,
    currency: 'HKD',
    level: 2,
    reason: NASTY,
    maker: 'operator',
    makerAccount: 'op-1',
    flowKey: 'default',
    flowVersion: 1,
    nodes: [],
    autoApproved: false,
    status: 'PENDING',
    node: 0,
    nodeSince: now,
    reminders: 0,
    escalated: false,
    revision: 1,
    createdAt: now,
    expiresAt: EXPIRES,
  });
  await db.insert(ticketDecisions).values({
    ticketId,
    requestId: `decision of ${ticketId}`,
    node: 0,
    kind: 'approve',
    byEscalation: false,
    person: 'approver',
    account: 'ap-1',
    reason: NASTY,
    decidedAt: now,
  });
  await db
    .update(ticketDecisions)
    .set({ takenAt: now, counted: true })
    .where(eq(ticketDecisions.ticketId, ticketId));
  await db
    .update(tickets)
    .set({ status: 'SUCCEEDED', revision: 2 })
    .where(eq(tickets.ticketId, ticketId));
}

export async function cut(db: Db, ledgerDate: BusinessDate): Promise<void> {
  await inTransaction(db, async (t) => {
    await lockLedgerDate(t.tx, ledgerDate, 'update');
    await closeLedgerDate(t.tx, ledgerDate);
    await writeDailyRoot(t.client, ledgerDate);
  });
}

/**
 * Two ledger dates with everything that the proofs cover: posted, undone and posted again, cut, and
 * the next date posted; commands with each outcome, a ticket with its decision, people, events.
 */
export async function clearedBooks(): Promise<Db> {
  const db = await smallBroker();
  await seedPeople(db, { demo: true });
  await addTrades(db, 20);
  const cutSmall = { shardPerAccount: true, chunkSize: 3 };
  for (const step of ['sync', 'billing'] as const) await runStep(db, MONDAY, step);
  await command(db, 'c-1', 'APPLIED');
  await runStep(db, MONDAY, 'posting', cutSmall);
  await command(db, 'c-2', 'REFUSED');
  await runStep(db, MONDAY, 'undoPosting', cutSmall);
  const steps = ['billing', 'posting'] as const;
  await inTransaction(db, ({ tx }) =>
    discardRuns(tx, { ...MONDAY, steps, span: 'upTo' }, 'revoke 1'),
  );
  const again = { ...MONDAY, generation: 2 };
  for (const step of ['billing', 'posting'] as const) await runStep(db, again, step, cutSmall);
  for (const version of [1, 2]) {
    const definition = { nodes: [], autoApprove: false, expiresAfterMinutes: 10 * version };
    await db
      .insert(ticketFlows)
      .values({ ticketKey: 'default', version, definition, changedBy: 'admin' });
  }
  for (const version of [1, 2]) {
    await db.insert(settingVersions).values({
      setting: 'cutoff.time',
      version,
      after: { time: `1${version}:00` },
      changedBy: 'admin',
      approvedBy: ['approver'],
    });
    await db.insert(manualPasses).values({
      ledgerDate: MON_2025_12_22,
      flow: 'HK',
      kind: 'check',
      item: `item-${version}`,
      evidenceHash: `evidence ${version}`,
      ticketId: `t-${version}`,
      maker: 'operator',
      approvers: ['approver'],
    });
  }
  await ticket(db, 't-1');
  await ticket(db, 't-2');
  await cut(db, MON_2025_12_22);
  await openDate(db, TUE_2025_12_23);
  await addTrades(db, 5, 'P');
  const tuesday = { ...MONDAY, ledgerDate: TUE_2025_12_23 };
  for (const step of ['sync', 'billing', 'posting'] as const) await runStep(db, tuesday, step);
  await command(db, 'c-3', 'RECORDED');
  await inTransaction(db, ({ tx }) =>
    recordAuditEvent(tx, {
      person: 'auditor',
      account: 'au-1',
      action: 'read.sensitive',
      outcome: 'ACCEPTED',
      targetType: 'account',
      targetId: NASTY,
      before: { nasty: NASTY, amount: 1.5, nothing: null },
    }),
  );
  await cut(db, TUE_2025_12_23);
  return db;
}
