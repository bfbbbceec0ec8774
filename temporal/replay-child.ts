// Replays the runs that its parent sends, one after another, and answers with the reports. In a
// process of its own: a replay keeps a core busy, and it runs the code of some former release.
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ReplayJob } from '../domain/audit/replay.ts';
import { auditReplay } from './audit-replay.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});

process.on('message', (job: ReplayJob) => {
  auditReplay(job).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
// Whoever loads us lets go of the channel; it is all that we live for.
process.channel?.ref();
