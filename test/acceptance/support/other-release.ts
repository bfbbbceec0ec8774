import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { projectRoot } from '../../../config.ts';
import { buildBundles } from '../../../scripts/embedded/workflow-bundle.ts';

/** What a later release might do first, and no recorded history has. */
const CHANGE = ['if (await resume(desk, input.state.mode))', 'await sleep(1);\n  $&'] as const;

/** The path of a bundle of these workflows with one change that breaks every open history. */
export async function otherWorkflowBundle(): Promise<string> {
  const root = mkdtempSync(join(inject('scratch'), 'other-release-'));
  for (const folder of ['workflows', 'temporal', 'domain', 'activities']) {
    cpSync(join(projectRoot, folder), join(root, folder), { recursive: true });
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'), 'dir');
  const file = join(root, 'workflows/clearing-flow.workflow.ts');
  const source = readFileSync(file, 'utf8');
  const changed = `import { sleep } from '@temporalio/workflow';\n${source.replace(...CHANGE)}`;
  if (!changed.includes('sleep(1)')) throw new Error('the workflow has no such line any more');
  writeFileSync(file, changed);
  const path = join(root, 'bundle.js');
  await buildBundles(root, path);
  return path;
}
