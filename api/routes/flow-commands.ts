import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { CommandKind } from '../../domain/clearing/commands.ts';
import { ASSET_ROLLBACKS, SUPPLEMENTS_OPTIONS } from '../../domain/clearing/revoke-rules.ts';
import { DAY_END_FLOW } from '../../domain/clearing/steps.ts';
import { loadFlow } from '../../db/flows.repository.ts';
import { flowVersion, reClearing } from '../../tickets/re-clearing.ts';
import { replyToCommand } from '../command-reply.ts';
import {
  CommandBody,
  CommandHeaders,
  COMMAND_FIELDS,
  COMMAND_RESPONSES,
} from '../schemas/command.ts';
import { Day, FlowId, line, oneOf, strict, Word } from '../schemas/fields.ts';
import { Reason, TicketWithDecisions } from '../schemas/ticket.ts';
import { replyWithTicket } from './tickets.ts';

const exec = { permission: 'lb_hk_clearing.clearing_busin_step_exec' } as const;
const flow = '/ledger-dates/:ledgerDate/flows/:flow';
const FlowParams = strict({ ledgerDate: Day, flow: FlowId });
const common = { tags: ['commands'], headers: CommandHeaders, response: COMMAND_RESPONSES };

const RevokeBody = strict({
  revision: COMMAND_FIELDS.revision,
  assetRollback: oneOf(ASSET_ROLLBACKS),
  supplements: oneOf(SUPPLEMENTS_OPTIONS),
  reason: Reason,
});

/** Commands of one flow. Who lost a race, or came too late, gets the state that refused it. */
export const flowCommandRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const plain = (kind: CommandKind, operationId: string, summary: string) =>
    app.post(
      `${flow}/${kind}`,
      {
        config: exec,
        schema: { ...common, operationId, summary, params: FlowParams, body: CommandBody },
      },
      async (request, reply) => {
        const { revision, ...payload } = request.body;
        return replyToCommand(request, reply, { ...request.params, kind, revision, payload });
      },
    );
  plain('readiness', 'runReadiness', 'Run the readiness items');
  plain('start', 'startFlow', 'One-click: run from the first unfinished step');
  plain('pause', 'pauseFlow', 'Stop after the step in flight');

  app.post(
    `${flow}/steps/:step/run`,
    {
      config: exec,
      schema: {
        ...common,
        operationId: 'runStep',
        summary: 'Run one step',
        params: strict({ ledgerDate: Day, flow: FlowId, step: Word }),
        body: CommandBody,
      },
    },
    async (request, reply) => {
      const { step, ...ref } = request.params;
      const { revision, ...rest } = request.body;
      const payload = { ...rest, step };
      return replyToCommand(request, reply, { ...ref, kind: 'runStep', revision, payload });
    },
  );
};

/** A revoke needs a second person: it opens a ticket, and the flow's command comes by consent. */
export const revokeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db } = app.daycut;
  app.post(
    `${flow}/revoke`,
    {
      config: { permission: 'clearing.revoke_exec' },
      schema: {
        tags: ['commands'],
        headers: CommandHeaders,
        operationId: 'revokeFlow',
        summary: 'Ask for consent to undo what the flow did on this date, or to let trades join',
        params: FlowParams,
        body: RevokeBody,
        response: { 201: TicketWithDecisions },
      },
    },
    async (request, reply) => {
      const { revision, reason, ...payload } = request.body;
      const target = request.params;
      const asked = { key: reClearing.key, target, payload, reason };
      if (revision === undefined) return replyWithTicket(request, reply, asked);
      // The ticket itself compares, under one snapshot, what the screen showed with what is.
      const version = flowVersion({ ...(await loadFlow(db, target)), revision });
      return replyWithTicket(request, reply, { ...asked, version });
    },
  );
};

/** The day cut belongs to the ledger date; it is answered with the state of its day end. */
export const dayCutRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/ledger-dates/:ledgerDate/day-cut',
    {
      config: { permission: 'clearing.day_cut_exec' },
      schema: {
        ...common,
        operationId: 'cutDay',
        summary: 'Roll the ledger date',
        params: strict({ ledgerDate: Day }),
        body: strict({ ...COMMAND_FIELDS, confirmToken: line(512) }),
      },
    },
    async (request, reply) => {
      const { revision, ...payload } = request.body;
      const ref = { ledgerDate: request.params.ledgerDate, flow: DAY_END_FLOW };
      return replyToCommand(request, reply, { ...ref, kind: 'dayCut', revision, payload });
    },
  );
};
