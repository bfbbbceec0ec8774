import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Replay } from '../../domain/audit/replay.ts';
import { auditReplay } from '../../temporal/audit-replay.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});

/** A replay that says nothing but its report. */
export const quietReplay: Replay = auditReplay;
