// `npm test`: its own set-up, the checks, then every test. With arguments (`npm test -- fees`) only
// the tests that they name.
import { prepare, run } from './prepare.mjs';

await prepare();
const only = process.argv.slice(2);
const checked = only.length > 0 ? 0 : run('npm', ['run', '-s', 'check']);
// The tests run even if a check failed: one run then tells everything.
const tested = run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...only]);
if (checked !== 0) console.error('\nnpm run check failed; its messages are above the tests.');
process.exit(checked || tested);
