import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { projectRoot } from '../../config.ts';

/** The folders that workflow code may import from. */
const SOURCES = ['workflows', 'temporal', 'domain'];

/** The path of the bundle for the sources as they are; built once, then found by its hash. */
export async function workflowBundle(home: string): Promise<string> {
  const folder = join(home, 'bundles');
  const path = join(folder, `${hashOfSources()}.js`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  await buildBundles(projectRoot, path);
  return path;
}

/** Beside a bundle stands its twin for auditors: the same workflows, and a module that tells. */
export const auditTwinOf = (path: string): string => path.replace(/(\.js)?$/, '.audit.js');

/** Bundles the workflows under `root` to `path` and `auditTwinOf(path)`; the twin comes first. */
export async function buildBundles(root: string, path: string): Promise<void> {
  const interceptors = join(root, 'workflows/audit-interceptors.ts');
  for (const [target, workflowInterceptorModules] of [
    [auditTwinOf(path), [interceptors]],
    [path, []],
  ] as const) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(root, 'workflows/index.ts'),
      workflowInterceptorModules: [...workflowInterceptorModules],
      logger: new DefaultLogger('WARN'),
    });
    const unfinished = `${target}.${process.pid}`;
    writeFileSync(unfinished, code);
    renameSync(unfinished, target);
  }
}

/** What a release's code was, for the archive. Throws when the bundle came without its twin. */
export function releaseOf(path: string): {
  readonly code: string;
  readonly auditCode: string;
  readonly sdkVersion: string;
  readonly release: string;
} {
  const twin = auditTwinOf(path);
  if (!existsSync(twin)) {
    throw new Error(`${twin} is missing: without it nobody could audit what this release runs.`);
  }
  return {
    code: readFileSync(path, 'utf8'),
    auditCode: readFileSync(twin, 'utf8'),
    sdkVersion: versionIn('@temporalio/worker/package.json'),
    release: versionIn(join(projectRoot, 'package.json')),
  };
}

const versionIn = (packageFile: string): string =>
  (createRequire(import.meta.url)(packageFile) as { version: string }).version;

/** The bundler counts too: worker and bundle must be of the same release. */
function hashOfSources(): string {
  const hash = createHash('sha256');
  hash.update(versionIn('@temporalio/worker/package.json'));
  for (const folder of SOURCES) {
    const files = readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const file of files) {
      hash.update(`\0${relative(projectRoot, file)}\0`).update(readFileSync(file));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
