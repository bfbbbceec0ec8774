import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { cutoffInstant } from '../domain/calendar/cutoff.ts';
import { nextLedgerDate } from '../domain/calendar/ledger-date.ts';
import { confirmTokenOf, dayCutRefusal } from '../domain/clearing/day-cut-guard.ts';
import { loadClearingCalendar } from '../db/calendars.repository.ts';
import { findCommand } from '../db/commands.repository.ts';
import { loadFlowsOf } from '../db/flows.repository.ts';
import { writeDailyRoot } from '../db/daily-roots.repository.ts';
import { closeLedgerDate, lockLedgerDate, openLedgerDate } from '../db/ledger-dates.repository.ts';
import { cutoffTimeOf } from '../db/settings.repository.ts';
import { inTransaction } from '../db/transaction.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import { decide } from './command-gate.ts';
import type { DayCutOutcome } from './contract.ts';
import type { Dependencies, WorkflowDoor } from './dependencies.ts';

/**
 * Rolls the ledger date once: closes this one and opens the next ledger date of the calendars, in
 * one transaction under the lock that every step and edit needs. Safe to repeat: the command is
 * applied by one transaction only, and a repetition answers with the date that it opened.
 */
export async function cutDay(
  { db }: Pick<Dependencies, 'db'>,
  ledgerDate: BusinessDate,
  command: FlowCommand,
): Promise<DayCutOutcome> {
  return inTransaction(db, async (t) => {
    const date = await lockLedgerDate(t.tx, ledgerDate, 'update');
    const { union } = await loadClearingCalendar(t.tx);
    const next = nextLedgerDate(union, ledgerDate);
    const flows = await loadFlowsOf(t.tx, ledgerDate);
    const row = await findCommand(t.tx, command.commandId);
    const passage = await decide(t, command, () =>
      dayCutRefusal({
        ledgerDate,
        isOpenDate: date.status === 'OPEN',
        flows,
        confirmToken: confirmTokenOf(ledgerDate, flows),
        confirmTokenSeen: row?.payload['confirmToken'] as string | undefined,
      }),
    );
    if (passage === 'no') return { kind: 'refused', isCut: date.status !== 'OPEN' };
    if (passage === 'first') {
      await closeLedgerDate(t.tx, ledgerDate);
      await writeDailyRoot(t.client, ledgerDate);
      await openLedgerDate(t.tx, next, cutoffInstant(next, await cutoffTimeOf(t.tx)));
    }
    return { kind: 'cut', nextLedgerDate: next };
  });
}

/** Opens the workflows of a date. Safe to repeat: an open workflow is left alone. */
export async function openDay(
  { db, door }: Pick<Dependencies, 'db'> & { readonly door: WorkflowDoor },
  ledgerDate: BusinessDate,
): Promise<void> {
  await door.openLedgerDay(ledgerDate);
  await eachFlow(db, ledgerDate, (flow) => door.openFlow({ ledgerDate, flow }));
}

/** Tells the flows of a date that facts have changed; they read the facts themselves. */
export async function tellFlows(
  { db, door }: Dependencies & { readonly door: WorkflowDoor },
  ledgerDate: BusinessDate,
): Promise<void> {
  await eachFlow(db, ledgerDate, (flow) => door.tellFlow({ ledgerDate, flow }));
}

async function eachFlow(
  db: Dependencies['db'],
  ledgerDate: BusinessDate,
  act: (flow: string) => Promise<void>,
): Promise<void> {
  const flows = await inTransaction(db, (t) => loadFlowsOf(t.tx, ledgerDate));
  await Promise.all(flows.map(({ flow }) => act(flow)));
}
