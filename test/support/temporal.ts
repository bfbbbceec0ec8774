import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { inject } from 'vitest';
import { projectRoot } from '../../config.ts';
import { workflowBundle } from '../../scripts/embedded/workflow-bundle.ts';

/** A namespace of a test's own: workflow ids are dates, and the same dates come in every test. */
export async function freshNamespace(address = inject('temporalAddress')): Promise<string> {
  const namespace = `t-${randomBytes(6).toString('hex')}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
  } finally {
    await connection.close();
  }
  return namespace;
}

/** The path of the bundle; in the folder of `npm start`, so the same sources are bundled once. */
export const bundlePath = (): Promise<string> => workflowBundle(join(projectRoot, '.daycut'));

let isQuiet = false;

/** Before the first worker of a file: the SDK's diary of thousands of lines would hide a failure. */
export function quietRuntime(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}
