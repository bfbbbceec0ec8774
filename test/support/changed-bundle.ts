import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { projectRoot } from '../../config.ts';
import { buildBundles } from '../../scripts/embedded/workflow-bundle.ts';

/** A change of one line of a workflow: what stands there, and what a later release would have. */
export interface SourceChange {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The path of a bundle of these workflows with some changes, as a later release would have it. */
export async function changedBundle(changes: readonly SourceChange[]): Promise<string> {
  const root = mkdtempSync(join(inject('scratch'), 'other-release-'));
  for (const folder of ['workflows', 'temporal', 'domain', 'activities']) {
    cpSync(join(projectRoot, folder), join(root, folder), { recursive: true });
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'), 'dir');
  for (const { file, from, to } of changes) {
    const path = join(root, 'workflows', file);
    const source = readFileSync(path, 'utf8');
    if (!source.includes(from)) throw new Error(`${file} has no ${from} any more`);
    writeFileSync(path, source.replace(from, to));
  }
  const path = join(root, 'bundle.js');
  await buildBundles(root, path);
  return path;
}
