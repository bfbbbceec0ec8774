// `npm run bench`: the dependencies first, then bench/main.ts with the arguments as they are.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

await prepare();
const root = fileURLToPath(new URL('..', import.meta.url));
const args = ['--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)];
const ended = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
process.exitCode = ended.status ?? 1;
