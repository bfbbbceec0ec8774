// What `npm start` runs once the dependencies are there. The command line is read before the rest
// is even loaded, so that a mistake in it is told at once.
import { parseLaunchArguments, USAGE, UsageError } from './launch/arguments.ts';

const WRONG_USAGE = 2;

try {
  const args = parseLaunchArguments(process.argv.slice(2));
  if (args.help) console.log(USAGE);
  else {
    const { run } = await import('./launch/run.ts');
    await run(args);
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = WRONG_USAGE;
}
