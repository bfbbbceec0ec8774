/** The worker of the bare activities: the same shape as `worker.ts control`, without our work. */
import { fileURLToPath } from 'node:url';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { BARE_ACTIVITY_QUEUE, BARE_QUEUE } from './bare.workflow.ts';

Runtime.install({ telemetryOptions: { logging: { filter: 'WARN', forward: {} } } });
const address = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const connection = await NativeConnection.connect({ address });
const workflows = await Worker.create({
  connection,
  taskQueue: BARE_QUEUE,
  workflowsPath: fileURLToPath(new URL('bare.workflow.ts', import.meta.url)),
});
const activities = await Worker.create({
  connection,
  taskQueue: BARE_ACTIVITY_QUEUE,
  activities: { nothing: async () => undefined },
});
await Promise.all([workflows.run(), activities.run()]);
