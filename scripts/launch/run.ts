import { AlreadyRunning, lockInstance } from '../embedded/instance-lock.ts';
import { messageOf, signalProcess } from '../embedded/processes.ts';
import { createSupervisor } from '../embedded/supervisor.ts';
import { signIn } from './api-client.ts';
import { UsageError, type LaunchArguments } from './arguments.ts';
import { startInstallation, type Installation } from './installation.ts';
import { reportFile } from './report.ts';
import { workTheDays } from './sample-days.ts';
import { createScreen } from './screen.ts';
import { launchSettings, type LaunchSettings } from './settings.ts';

const INTERRUPTED = 130;
/** npm hands on a Ctrl-C that the terminal has sent to us already. */
const SAME_KEYSTROKE_MS = 1000;

const screen = createScreen(process.stdout);
const supervisor = createSupervisor({ say: screen.say });
let isStopping = false;

/** The first Ctrl-C stops everything in order; the second one does not wait. */
function stopOnSignal(stop: (code: number) => Promise<void>, codeNow: () => number): void {
  let asked = 0;
  const onSignal = () => {
    if (isStopping) {
      if (performance.now() - asked < SAME_KEYSTROKE_MS) return;
      for (const pid of Object.values(supervisor.pids())) signalProcess(pid, 'SIGKILL');
      process.exit(INTERRUPTED);
    }
    isStopping = true;
    asked = performance.now();
    screen.say('\nStopping … (once more to stop at once; nothing is lost either way)');
    void stop(codeNow());
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
}

async function launch(
  args: LaunchArguments,
  settings: LaunchSettings,
): Promise<number | undefined> {
  const lock = lockInstance(settings.DAYCUT_HOME);
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
  const installation = await startInstallation({ env: process.env, settings, supervisor, screen });
  const top = installation.baseUrl.replace('/api/v1', '');
  lock.announce(top);
  code = (await driveTheDays(installation, args, settings)) ? 0 : 1;
  if (!args.once) {
    screen.say(`\nDaycut is up.  API ${top}/api/docs   Logs ${settings.DAYCUT_HOME}/logs`);
    screen.say('Ctrl-C stops it; the next npm start goes on where this one ended.');
    return undefined;
  }
  await supervisor.stop();
  lock.release();
  return code;
}

async function driveTheDays(
  { baseUrl, filesDir }: Installation,
  args: LaunchArguments,
  { hasDemoPeople }: LaunchSettings,
): Promise<boolean> {
  if (!hasDemoPeople) {
    screen.say('Sign-in is not the embedded one, so the day is left to its operators.');
    return true;
  }
  return workTheDays({ api: await signIn(baseUrl, 'operator'), filesDir, screen }, args);
}

/** What can be known to be in vain is said before anything is started. */
function checked(args: LaunchArguments, { hasDemoPeople }: LaunchSettings): LaunchArguments {
  if (!hasDemoPeople && (args.once || args.json !== undefined)) {
    throw new UsageError(
      'With DAYCUT_JWKS_URL set npm start cannot sign in, so it can neither clear a date nor read ' +
        'its closing table: --once and --json are for the embedded sign-in.',
    );
  }
  if (args.json === undefined) return args;
  // npm runs us in the top folder; a file name is meant from where the person is.
  return { ...args, json: reportFile(args.json, process.env['INIT_CWD'] ?? process.cwd()) };
}

/** Starts everything, works the days, and ends the process unless it is to stay up. */
export async function run(args: LaunchArguments): Promise<void> {
  try {
    const settings = launchSettings(process.env, new Date());
    const code = await launch(checked(args, settings), settings);
    if (code !== undefined) process.exit(code);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // What fails while everything is being stopped fails because of that.
    if (isStopping) return;
    const isPlain = error instanceof AlreadyRunning;
    console.error(`\n${isPlain ? '' : 'Daycut did not come through: '}${messageOf(error)}`);
    await supervisor.stop();
    process.exit(1);
  }
}
