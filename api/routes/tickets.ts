import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { readTickets } from '../../db/queries/tickets.ts';
import { DECISION_KINDS, type DecisionKind } from '../../domain/tickets/ticket.ts';
import { TicketKey } from '../../tickets/approval-flow-fields.ts';
import { actorOf } from '../audit-actor.ts';
import { API_PREFIX } from '../prefix.ts';
import { CommandHeaders } from '../schemas/command.ts';
import { Anything, Day, strict, Word } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';
import {
  DecisionBody,
  Reason,
  TicketId,
  TicketSchema,
  TicketStatusWord,
  TicketWithDecisions,
} from '../schemas/ticket.ts';
import { visibleTicket, visibleTicketWithDecisions } from '../tickets/visible-ticket.ts';

const tags = ['tickets'];
const query = { permission: 'ticket.ticket_query' } as const;
const operation = { permission: 'ticket.ticket_operation' } as const;
const TicketParams = strict({ ticketId: TicketId });

/** 工单: what somebody asks a second person to consent to. */
export const ticketRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, kinds } = app.daycut;
  app.get(
    '/tickets',
    {
      config: query,
      schema: {
        operationId: 'listTickets',
        tags,
        summary: 'Tickets, newest first',
        querystring: strict({
          ...PAGE_QUERY,
          key: Type.Optional(TicketKey),
          status: Type.Optional(TicketStatusWord),
          targetType: Type.Optional(Word),
          targetId: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          ledgerDate: Type.Optional(Day),
          maker: Type.Optional(Word),
          toDecide: Type.Optional(
            Type.Boolean({ default: false, description: 'Only what waits for me.' }),
          ),
        }),
        response: { 200: pageOf(TicketSchema) },
      },
    },
    async ({ query: { toDecide, ...filter }, person }) => {
      const { id, roles, permissions } = person;
      const keys = [...kinds.values()].filter(({ see }) => permissions.has(see));
      const me = { person: id, roles, keys: keys.map(({ key }) => key) };
      const decidableBy = toDecide ? me : undefined;
      const page = await readTickets(db.$client, { ...filter, decidableBy });
      return { ...page, items: page.items.map((each) => visibleTicket(each, kinds, person)) };
    },
  );
  app.get(
    '/tickets/:ticketId',
    {
      config: query,
      schema: {
        operationId: 'getTicket',
        tags,
        summary: 'One ticket: what would change, its decisions, and what I could decide',
        params: TicketParams,
        response: { 200: TicketWithDecisions },
      },
    },
    async ({ params, person }) => visibleTicketWithDecisions(db, kinds, params.ticketId, person),
  );
  app.post(
    '/tickets',
    {
      config: operation,
      schema: {
        operationId: 'openTicket',
        tags,
        summary: 'Ask for consent; the key needs a permission of its own',
        headers: CommandHeaders,
        body: strict({
          key: TicketKey,
          target: Anything,
          payload: Anything,
          reason: Reason,
          version: Type.Optional(Type.String({ maxLength: 200, description: 'That I saw.' })),
        }),
        response: { 201: TicketWithDecisions },
      },
    },
    async (request, reply) => replyWithTicket(request, reply, request.body),
  );
};

/** Approve, reject, withdraw, close: answered once the ticket has taken the decision. */
export const ticketDecisionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, kinds, tickets } = app.daycut;
  const summaries: Readonly<Record<DecisionKind, string>> = {
    approve: 'Consent at the node that waits; never to my own request',
    reject: 'Refuse, with a reason',
    withdraw: 'Take my own request back',
    close: 'End a ticket that nobody will decide, with a reason',
  };
  for (const kind of DECISION_KINDS) {
    app.post(
      `/tickets/:ticketId/${kind}`,
      {
        config: kind === 'close' ? { permission: 'ticket.close_operation' } : operation,
        schema: {
          operationId: `${kind}Ticket`,
          tags,
          summary: summaries[kind],
          params: TicketParams,
          headers: CommandHeaders,
          body: DecisionBody,
          response: { 200: TicketWithDecisions, 202: TicketWithDecisions },
        },
      },
      async (request, reply) => {
        const { ticketId } = request.params;
        const { node, reason = '' } = request.body;
        const requestId = request.headers['idempotency-key'];
        const asked = { requestId, ticketId, kind, node, reason: reason.trim() };
        const { taken, repeated } = await tickets.decide({
          ...asked,
          by: request.person,
          origin: actorOf(request),
        });
        if (repeated) void reply.header('idempotency-replayed', 'true');
        if (!taken) void reply.code(202).header('location', addressOf(ticketId));
        return visibleTicketWithDecisions(db, kinds, ticketId, request.person);
      },
    );
  }
};

interface AskedTicket {
  readonly key: string;
  readonly target: unknown;
  readonly payload: unknown;
  readonly reason: string;
  readonly version?: string | undefined;
}

/** Opens a ticket under the request's Idempotency-Key: 201 with the ticket and its address. */
export async function replyWithTicket(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: AskedTicket,
) {
  const { tickets, db, kinds } = request.server.daycut;
  const requestId = String(request.headers['idempotency-key']);
  const opened = await tickets.open({
    ...asked,
    requestId,
    by: request.person,
    origin: actorOf(request),
  });
  if (opened.repeated) void reply.header('idempotency-replayed', 'true');
  void reply.code(201).header('location', addressOf(opened.ticketId));
  return visibleTicketWithDecisions(db, kinds, opened.ticketId, request.person);
}

const addressOf = (ticketId: string): string => `${API_PREFIX}/tickets/${ticketId}`;
