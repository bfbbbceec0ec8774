// Replays one run that its parent sends, and answers with the report. In a process of its own: a
// replay keeps a core busy, and what it runs is the code of some former release.
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ReplayJob } from '../domain/audit/replay.ts';
import { auditReplay } from './audit-replay.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});

process.once('message', (job: ReplayJob) => {
  auditReplay(job).then(
    (report) => process.send?.(report, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
