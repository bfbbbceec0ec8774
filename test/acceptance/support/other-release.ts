import { changedBundle } from '../../support/changed-bundle.ts';

/**
 * The path of a bundle of these workflows with what a later release might do first, and no recorded
 * history has: a change that breaks every open flow which has begun.
 */
export const otherWorkflowBundle = (): Promise<string> =>
  changedBundle([
    {
      file: 'clearing-flow.workflow.ts',
      from: `import {`,
      to: `import { sleep } from '@temporalio/workflow';\nimport {`,
    },
    {
      file: 'clearing-flow.workflow.ts',
      from: 'if (await resume(desk, input.state.mode))',
      to: 'await sleep(1);\n  if (await resume(desk, input.state.mode))',
    },
  ]);
