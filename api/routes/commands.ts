import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readCommand, readCommands } from '../../db/queries/commands.ts';
import { COMMAND_KINDS } from '../../domain/clearing/commands.ts';
import {
  Anything,
  Day,
  FlowId,
  Instant,
  line,
  nullable,
  oneOf,
  shape,
  strict,
} from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const config = { permission: 'lb_hk_clearing.clearing_busin_steps' } as const;
const tags = ['commands'];
const Kind = oneOf(COMMAND_KINDS);
const Status = oneOf(['RECORDED', 'APPLIED', 'REFUSED', 'EXPIRED']);

const Command = shape({
  commandId: Type.String(),
  seq: Type.Integer(),
  kind: Kind,
  ledgerDate: Day,
  flow: Type.String(),
  person: Type.String(),
  payload: Anything,
  revisionSeen: nullable(Type.Integer()),
  status: Status,
  code: nullable(Type.String()),
  details: nullable(Anything),
  recordedAt: Instant,
  expiresAt: Instant,
  finalAt: nullable(Instant),
});

export const commandRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db } = app.daycut;
  app.get(
    '/commands',
    {
      config,
      schema: {
        operationId: 'listCommands',
        tags,
        summary: 'The command log, newest first',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Type.Optional(Day),
          flow: Type.Optional(FlowId),
          kind: Type.Optional(Kind),
          status: Type.Optional(Status),
          person: Type.Optional(line(255)),
        }),
        response: { 200: pageOf(Command) },
      },
    },
    async ({ query }) => readCommands(db.$client, query),
  );
  app.get(
    '/commands/:commandId',
    {
      config,
      schema: {
        operationId: 'getCommand',
        tags,
        summary: 'One command and its outcome',
        params: strict({ commandId: line(128) }),
        response: { 200: Command },
      },
    },
    async ({ params }) => readCommand(db.$client, params.commandId),
  );
};
