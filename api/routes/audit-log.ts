import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readAuditEvents, readAuditRoots } from '../../db/queries/audit-log.ts';
import { Day, Instant, list, nullable, oneOf, shape, strict } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

/** Who reads the log stands in the log. */
const config = { permission: 'audit.log_query', sensitive: true } as const;
const tags = ['audit'];

const Name = Type.String({ minLength: 1, maxLength: 255 });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in hexadecimal.' });
const Anything = Type.Unsafe<unknown>({ description: 'Whatever the target is made of, or null.' });

const Event = shape({
  eventId: Type.Integer(),
  seq: nullable(Type.Integer({ description: 'The link of the chain that stands for it.' })),
  at: Instant,
  ledgerDate: nullable(Day),
  person: Type.String(),
  account: nullable(Type.String()),
  action: Type.String(),
  outcome: oneOf(['ACCEPTED', 'REFUSED', 'FAILED']),
  code: nullable(Type.String()),
  permission: nullable(Type.String()),
  targetType: Type.String(),
  targetId: Type.String(),
  before: Anything,
  after: Anything,
  ticketId: nullable(Type.String()),
  commandId: nullable(Type.String()),
  workflowId: nullable(Type.String()),
  runId: nullable(Type.String()),
  requestId: nullable(Type.String()),
});

const Root = shape({
  rootNo: Type.Integer(),
  ledgerDate: Day,
  root: Hash,
  previousRoot: Hash,
  lastStepRunId: Type.Integer(),
  seals: Type.Integer(),
  journals: Type.Integer(),
  journalsRoot: Hash,
  auditSeq: Type.Integer({ description: 'The link of the chain that the root includes.' }),
  auditHash: Hash,
  madeAt: Instant,
});

export const auditLogRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/audit/events',
    {
      config,
      schema: {
        operationId: 'listAuditEvents',
        tags,
        summary: 'The audit log, newest first',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Type.Optional(Day),
          person: Type.Optional(Name),
          action: Type.Optional(
            Type.String({ minLength: 1, maxLength: 64, description: 'How it begins.' }),
          ),
          targetType: Type.Optional(Name),
          targetId: Type.Optional(Name),
          ticketId: Type.Optional(Name),
          commandId: Type.Optional(Name),
        }),
        response: { 200: pageOf(Event) },
      },
    },
    async ({ query }) => readAuditEvents(reader, query),
  );
  app.get(
    '/audit/roots',
    {
      config,
      schema: {
        operationId: 'exportAuditRoots',
        tags,
        summary: 'Every daily root and the end of the chain, to be kept elsewhere',
        description: 'What npm run -s verify-audit -- --roots FILE compares with.',
        response: {
          200: shape({
            roots: list(Root),
            head: shape({ seq: Type.Integer(), hash: Hash }),
          }),
        },
      },
    },
    async () => readAuditRoots(reader),
  );
};
