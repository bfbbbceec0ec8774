import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import { loadReplayJob, readAuditRun, readAuditRuns } from '../../db/queries/audit-runs.ts';
import { actorOf } from '../audit-actor.ts';
import { readRunTimeline } from '../run-timeline.ts';
import { Day, FlowId, Instant, list, nullable, oneOf, shape, strict } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const tags = ['audit'];
const RunId = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const params = strict({ runId: RunId });
const Text = nullable(Type.String());
const Count = nullable(Type.Integer());

const Reason = Type.Unsafe<'CLOSED' | 'MISFIT'>({
  type: 'string',
  enum: ['CLOSED', 'MISFIT'],
  description: 'MISFIT: a release ended the run, since it did not fit its code.',
});
const Sha256 = Type.String({ description: 'Of the history as protobuf.' });

const RUN = {
  workflowId: Type.String(),
  runId: RunId,
  workflowType: Type.String(),
  ledgerDate: nullable(Day),
  reason: Reason,
  closeStatus: Type.String(),
  events: Type.Integer(),
  startedAt: Instant,
  closedAt: nullable(Instant),
  archivedAt: Instant,
  sha256: Sha256,
  sdkVersion: Text,
  bundleHash: nullable(Type.String({ description: 'sha256 of the workflow code that it ran on.' })),
  release: Text,
};

const Line = shape({
  eventId: Type.Integer(),
  at: Instant,
  kind: oneOf(['opened', 'asked', 'told', 'worked', 'waited', 'stumbled', 'closed']),
  what: Type.String(),
  who: nullable(Type.String({ description: 'The person who asked.' })),
  name: Text,
  commandId: Text,
  process: nullable(Type.String({ description: 'Which worker or server, as it calls itself.' })),
  step: Text,
  stepRunId: Count,
  pass: Count,
  shard: Count,
  shards: Count,
  ms: Count,
  attempt: Count,
  outcome: Text,
  code: Text,
  failedAttempts: list(
    shape({
      attempt: Type.Integer(),
      code: Type.String(),
      worker: Type.String(),
      ms: Type.Integer(),
    }),
    { description: 'Before the attempt that the history kept. One that was lost left no trace.' },
  ),
  texts: shape({ en: Type.String(), zhHans: Type.String(), zhHant: Type.String() }),
});

/** A run that is not archived yet has these three as null, and RUNNING as its `closeStatus`. */
const Timeline = shape({
  ...RUN,
  reason: nullable(Reason),
  archivedAt: nullable(Instant),
  sha256: nullable(Sha256),
  previousRunId: Text,
  nextRunId: Text,
  lines: list(Line),
});

const Replayed = shape({
  ok: Type.Boolean({ description: 'Nothing differs.' }),
  replayed: shape({ events: Type.Integer(), values: Type.Integer() }),
  differences: list(
    shape({
      what: Type.String(),
      eventId: Count,
      recorded: nullable(Type.String({ description: 'What the archive has.' })),
      found: nullable(Type.String({ description: 'What the replay, the hash or a worker has.' })),
    }),
  ),
  bundleHash: Type.String(),
  sdkVersion: Text,
  replayerVersion: Type.String({ description: 'The SDK that replayed.' }),
  sha256: Type.String({ description: 'Of the history, computed now.' }),
});

export const auditRunRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, findUnarchived } = app.daycut;
  app.get(
    '/audit/runs',
    {
      config: { permission: 'audit.run_query' },
      schema: {
        operationId: 'listAuditRuns',
        tags,
        summary: 'Archived runs of workflows',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Type.Optional(Day),
          flow: Type.Optional(FlowId),
          workflowId: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
        }),
        response: { 200: pageOf(shape(RUN)) },
      },
    },
    async ({ query }) => readAuditRuns(db.$client, query),
  );
  app.get(
    '/audit/runs/:runId/timeline',
    {
      config: { permission: 'audit.run_query' },
      schema: {
        operationId: 'getRunTimeline',
        tags,
        summary: 'What happened in a run, in words: who, what, when, where, how long',
        description:
          'From the archive, or what Temporal has so far of a run that is not archived yet.',
        params,
        response: { 200: Timeline },
      },
    },
    async ({ params: { runId } }) => readRunTimeline({ db, findUnarchived }, runId),
  );
};

export const replayRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, replay } = app.daycut;
  app.post(
    '/audit/runs/:runId/replay',
    {
      config: { permission: 'audit.replay_exec' },
      schema: {
        operationId: 'replayRun',
        tags,
        summary: 'Replays a run with the code of its release and compares every value',
        params,
        response: { 200: Replayed },
      },
    },
    async (request) => {
      const { runId } = request.params;
      const { sdkVersion, bundleHash } = await readAuditRun(db.$client, runId);
      const report = await replay(await loadReplayJob(db, runId));
      const { events, values, ...rest } = report;
      const { ok, sha256, differences } = rest;
      // That somebody looked, and what they were told, belongs into the log as well.
      await recordAuditEvent(db, {
        ...actorOf(request),
        action: 'run.replayed',
        outcome: 'ACCEPTED',
        targetType: 'workflow_run',
        targetId: runId,
        runId,
        after: { ok, differences: differences.length, sha256 },
      });
      return { ...rest, replayed: { events, values }, bundleHash: bundleHash ?? '', sdkVersion };
    },
  );
};
