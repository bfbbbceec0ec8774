import { messageOf } from '../embedded/processes.ts';
import { allPages, Refused, type ApiClient } from './api-client.ts';
import type { LaunchArguments } from './arguments.ts';
import { invariantsHold, renderClosing, type Closing } from './closing-table.ts';
import { readManifest, type Desk } from './counterparty-files.ts';
import { clearLedgerDate, NeedsPerson } from './operator.ts';
import { writeReport } from './report.ts';
import type { LedgerDateView, Manifest } from './views.ts';

/**
 * Clears what is to be cleared and shows the closing tables. False when something did not hold, or
 * when it could not be told; neither ends what runs.
 */
export async function workTheDays(desk: Desk, args: LaunchArguments): Promise<boolean> {
  const { api, filesDir, screen } = desk;
  const wanted = readManifest(filesDir).ledgerDates.slice(0, args.days);
  const stoppedBy = args.manual ? null : await clearDates(desk, wanted);
  const closings = await closingsOf(api, wanted);
  for (const closing of closings) ['', ...renderClosing(closing)].forEach(screen.say);
  const isComplete = args.manual || closings.length === wanted.length;
  const ok = isComplete && closings.every(invariantsHold);
  if (stoppedBy !== null) screen.say(`\nThis needs a person. ${stoppedBy}`);
  else if (closings.length > 0)
    screen.say(ok ? '\nEvery invariant held.' : '\nNOT every one held.');
  if (args.json === undefined) return ok;
  try {
    writeReport(args.json, { ok, stoppedBy, dates: closings });
    return ok;
  } catch (error) {
    screen.say(`\nThe closing table could not be written as JSON: ${messageOf(error)}`);
    return false;
  }
}

/** Those that were cleared before stay as they are. Gives the reason why it needs a person. */
async function clearDates(desk: Desk, dates: Manifest['ledgerDates']): Promise<string | null> {
  try {
    for (const { ledgerDate, files } of dates) {
      const current = await desk.api.get<LedgerDateView>('/ledger-dates/current');
      if (current.ledgerDate !== ledgerDate) continue;
      desk.screen.say(`\nLedger date ${ledgerDate}`);
      await clearLedgerDate(desk, ledgerDate, files);
    }
    return null;
  } catch (error) {
    if (error instanceof NeedsPerson || error instanceof Refused) return error.message;
    throw error;
  }
}

async function closingsOf(api: ApiClient, dates: Manifest['ledgerDates']): Promise<Closing[]> {
  const known = await allPages<LedgerDateView>(api, '/ledger-dates');
  const closings: Closing[] = [];
  for (const { ledgerDate } of dates) {
    const isCut = known.some((view) => view.ledgerDate === ledgerDate && view.status === 'CUT');
    if (isCut) closings.push(await api.get<Closing>(`/ledger-dates/${ledgerDate}/closing`));
  }
  return closings;
}
