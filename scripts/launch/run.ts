import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AlreadyRunning, lockInstance } from '../embedded/instance-lock.ts';
import { messageOf, signalProcess } from '../embedded/processes.ts';
import { createSupervisor } from '../embedded/supervisor.ts';
import { allPages, Refused, signIn, type ApiClient } from './api-client.ts';
import type { LaunchArguments } from './arguments.ts';
import { invariantsHold, renderClosing, type Closing } from './closing-table.ts';
import { readManifest, type Desk } from './counterparty-files.ts';
import { homeOf, startInstallation, type Installation } from './installation.ts';
import { clearLedgerDate, NeedsPerson } from './operator.ts';
import { createScreen } from './screen.ts';
import type { LedgerDateView, Manifest } from './views.ts';

const INTERRUPTED = 130;
/** npm hands on a Ctrl-C that the terminal has sent to us already. */
const SAME_KEYSTROKE_MS = 1000;

const screen = createScreen(process.stdout);
const supervisor = createSupervisor({ say: screen.say });

/** The first Ctrl-C stops everything in order; the second one does not wait. */
function stopOnSignal(stop: (code: number) => Promise<void>, codeNow: () => number): void {
  let asked = 0;
  const onSignal = () => {
    if (asked > 0) {
      if (performance.now() - asked < SAME_KEYSTROKE_MS) return;
      for (const pid of Object.values(supervisor.pids())) signalProcess(pid, 'SIGKILL');
      process.exit(INTERRUPTED);
    }
    asked = performance.now();
    screen.say('\nStopping … (once more to stop at once; nothing is lost either way)');
    void stop(codeNow());
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
}

async function launch(args: LaunchArguments): Promise<number | undefined> {
  const lock = lockInstance(homeOf(process.env));
  let code = INTERRUPTED;
  stopOnSignal(
    async (exitCode) => {
      await supervisor.stop();
      lock.release();
      process.exit(exitCode);
    },
    () => code,
  );
  screen.say('Daycut starts.');
  const installation = await startInstallation(process.env, supervisor, screen);
  const top = installation.baseUrl.replace('/api/v1', '');
  lock.announce(top);
  code = (await workTheDays(installation, args)) ? 0 : 1;
  if (!args.once) {
    screen.say(`\nDaycut is up.  API ${top}/api/docs   Logs ${installation.home}/logs`);
    screen.say('Ctrl-C stops it; the next npm start goes on where this one ended.');
    return undefined;
  }
  await supervisor.stop();
  lock.release();
  return code;
}

/** Clears what is to be cleared and shows the closing tables; false when something did not hold. */
async function workTheDays(installation: Installation, args: LaunchArguments): Promise<boolean> {
  if (!installation.hasDemoPeople) {
    screen.say('Sign-in is not the embedded one, so the day is left to its operators.');
    return true;
  }
  const { baseUrl, filesDir } = installation;
  const api = await signIn(baseUrl, 'operator');
  const wanted = readManifest(filesDir).ledgerDates.slice(0, args.days);
  const desk = { api, filesDir, screen };
  let stoppedBy: Error | undefined;
  if (!args.manual) {
    stoppedBy = await clearDates(desk, wanted).catch((error: unknown) => {
      if (error instanceof NeedsPerson || error instanceof Refused) return error;
      throw error;
    });
  }
  const closings = await closingsOf(api, wanted);
  for (const closing of closings) ['', ...renderClosing(closing)].forEach(screen.say);
  const isComplete = args.manual || closings.length === wanted.length;
  const ok = isComplete && closings.every(invariantsHold);
  if (args.json !== undefined) {
    writeFileSync(resolve(args.json), `${JSON.stringify({ ok, dates: closings }, null, 2)}\n`);
  }
  if (stoppedBy !== undefined) screen.say(`\nThis needs a person. ${stoppedBy.message}`);
  else if (closings.length > 0)
    screen.say(ok ? '\nEvery invariant held.' : '\nNOT every one held.');
  return ok;
}

/** Those that were cleared before stay as they are. */
async function clearDates(desk: Desk, dates: Manifest['ledgerDates']): Promise<undefined> {
  for (const { ledgerDate, files } of dates) {
    const current = await desk.api.get<LedgerDateView>('/ledger-dates/current');
    if (current.ledgerDate !== ledgerDate) continue;
    screen.say(`\nLedger date ${ledgerDate}`);
    await clearLedgerDate(desk, ledgerDate, files);
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

/** Starts everything, works the days, and ends the process unless it is to stay up. */
export async function run(args: LaunchArguments): Promise<void> {
  try {
    const code = await launch(args);
    if (code !== undefined) process.exit(code);
  } catch (error) {
    const isPlain = error instanceof AlreadyRunning;
    console.error(`\n${isPlain ? '' : 'Daycut did not come through: '}${messageOf(error)}`);
    await supervisor.stop();
    process.exit(1);
  }
}
