// Composition root of the workers: `worker.ts control` runs workflows and short activities,
// `worker.ts batch` runs shards. Two processes at least: a shard at work would delay an operator.
import { hostname } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { archiveLeftovers, storeHistory, sweepClosedRuns } from './activities/archive-history.ts';
import { attemptLog } from './activities/attempt-log.ts';
import { createBatchActivities, createOpsActivities } from './activities/index.ts';
import { clearingErrors, runNames, signsOfLife } from './activities/interceptors.ts';
import { keepLooking } from './activities/keep-looking.ts';
import { createReconciler } from './activities/reconcile.ts';
import { loadConfig, loadTemporal } from './config.ts';
import { bundleHashOf, storeBundle } from './db/archive.repository.ts';
import { connect } from './db/client.ts';
import { loadFlowInput } from './db/flow-input.ts';
import { keepBeating } from './db/heartbeats.repository.ts';
import { seedCutoffTime } from './db/settings.repository.ts';
import { loadTicketProgress } from './db/tickets.repository.ts';
import { inTransaction } from './db/transaction.ts';
import { clockFrom } from './domain/clock.ts';
import { releaseOf, workflowBundle } from './scripts/embedded/workflow-bundle.ts';
import { createClosedRuns } from './temporal/closed-runs.ts';
import { healHistories } from './temporal/heal-histories.ts';
import { TASK_QUEUES } from './temporal/ids.ts';
import { createWorkflowDoor } from './temporal/workflow-door.ts';
import { TICKET_KINDS } from './tickets/index.ts';

const LEFTOVERS_MS = 3_000;

const role = process.argv[2];
if (role !== 'control' && role !== 'batch') throw new Error('usage: worker.ts control|batch');
const config = loadConfig(process.env);
const { namespace, connectionOptions } = loadTemporal(process.env);
const log = pino({ level: config.LOG_LEVEL, base: { role } });
const identity = config.DAYCUT_TEMPORAL_IDENTITY ?? `${role}:${String(process.pid)}@${hostname()}`;
const self = { workerId: identity, role };

Runtime.install({ telemetryOptions: { logging: { filter: 'WARN', forward: {} } } });
const db = connect(config.DATABASE_URL, {
  poolSize: config.PG_POOL_SIZE,
  name: `worker ${role}`,
  asApplication: true,
});
const connection = await NativeConnection.connect({ ...connectionOptions });
const dependencies = { db, clock: clockFrom(config.DAYCUT_CLOCK) };
const shared = {
  connection,
  namespace,
  identity,
  interceptors: { activity: [attemptLog(db, identity), clearingErrors, signsOfLife, runNames] },
  // Unless told, the SDK holds signs of life back until four fifths of their timeout are over.
  maxHeartbeatThrottleInterval: '2 seconds',
  shutdownGraceTime: '5 seconds',
  shutdownForceTime: '20 seconds',
};

const warned = (message: string) => (error: unknown) => {
  log.warn({ error }, message);
};

/** Workflows and short activities. Old histories are healed before anything is polled. */
async function runControl(): Promise<void> {
  const codePath = config.DAYCUT_WORKFLOW_BUNDLE ?? (await workflowBundle(config.DAYCUT_HOME));
  const bundle = { codePath };
  const release = releaseOf(codePath);
  await inTransaction(db, ({ tx }) => storeBundle(tx, release));
  await seedCutoffTime(db, config.DAYCUT_CUTOFF_TIME);
  const clientConnection = await Connection.connect({ ...connectionOptions });
  const client = new Client({ connection: clientConnection, namespace, identity });
  const door = createWorkflowDoor(client, {
    flow: (ref) => loadFlowInput(db, ref),
    ticket: (ticketId) => loadTicketProgress(db, ticketId),
  });
  const closedRuns = createClosedRuns(client);
  const healed = await healHistories(client, bundle, (run) => storeHistory(db, run, 'MISFIT'));
  if (healed.length > 0) log.warn({ healed }, 'open workflows did not fit and are opened again');

  const workflows = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUES.control,
    workflowBundle: bundle,
    // So every history names the code that it ran on.
    workerDeploymentOptions: {
      version: { deploymentName: 'daycut', buildId: bundleHashOf(release.code) },
      useWorkerVersioning: false,
    },
    maxCachedWorkflows: 200,
    // After a crash the next command waits this long for the dead worker's private queue.
    stickyQueueScheduleToStartTimeout: '1s',
  });
  const ops = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUES.ops,
    activities: createOpsActivities({ ...dependencies, door, closedRuns, kinds: TICKET_KINDS }),
    maxConcurrentActivityTaskExecutions: config.PG_POOL_SIZE,
  });
  const stopLooking = [
    keepLooking(
      createReconciler({ db, door }),
      warned('the open ledger date could not be reconciled'),
    ),
    keepLooking(() => sweepClosedRuns({ db, closedRuns }), warned('closed runs were not archived')),
  ];
  await whilePolling([workflows.run(), ops.run()]);
  for (const stop of stopLooking) stop();
  await client
    .withDeadline(Date.now() + LEFTOVERS_MS, () => archiveLeftovers({ db, closedRuns }))
    .catch(warned('closed runs are left to be archived at the next start'));
  await clientConnection.close();
}

/** Shards: two at a time overlap JavaScript with PostgreSQL on two cores. */
async function runBatch(): Promise<void> {
  const worker = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUES.batch,
    activities: createBatchActivities(dependencies),
    maxConcurrentActivityTaskExecutions: 2,
  });
  await whilePolling([worker.run()]);
}

/** Only a worker that polls is alive for others: before that it may still be healing histories. */
async function whilePolling(runs: readonly Promise<void>[]): Promise<void> {
  const stopBeating = keepBeating(db, self, (error) => {
    log.warn({ error }, 'no heartbeat could be written');
  });
  await Promise.all(runs).finally(stopBeating);
}

try {
  log.info({ namespace }, 'worker starts');
  await (role === 'control' ? runControl() : runBatch());
} finally {
  await connection.close();
  await db.$client.end();
  log.info('worker stopped');
}
