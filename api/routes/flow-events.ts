import type { ServerResponse } from 'node:http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { readFlowView } from '../../db/queries/flow-view.ts';
import type { FlowWatcher } from '../flow-feed.ts';
import { Day, FlowId, strict } from '../schemas/fields.ts';
import { seesLedger, visibleFlow } from '../visible-flow.ts';

const RETRY_HINT_MS = 2_000;

type Rights = Pick<FlowWatcher, 'ledger' | 'account' | 'mayGoOn'>;

/** Server-sent events: one `flow` event with the whole view at once, then one at each change. */
export const flowEventRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, clock, feed } = app.daycut;
  app.get(
    '/ledger-dates/:ledgerDate/flows/:flow/events',
    {
      config: { permission: 'lb_hk_clearing.clearing_busin_steps', tokenInQuery: true },
      schema: {
        operationId: 'watchFlow',
        tags: ['flows'],
        summary: 'Live progress as server-sent events: `event: flow`, data = the flow view',
        params: strict({ ledgerDate: Day, flow: FlowId }),
        querystring: strict({
          access_token: Type.Optional(
            Type.String({ description: 'For EventSource, which cannot send headers.' }),
          ),
        }),
        produces: ['text/event-stream'],
        response: {
          200: {
            description:
              'A stream until either side closes it, or the rights it was opened by change',
            content: { 'text/event-stream': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const first = await readFlowView(db, request.params, clock.now());
      reply.hijack();
      const stream = reply.raw;
      // Who hung up during that read would never be heard to close.
      if (stream.destroyed) return;
      stream.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Its connection ends with it: kept alive, it would hold up a server that stops.
        connection: 'close',
        'x-request-id': request.id,
        // Proxies must not collect events into larger pieces.
        'x-accel-buffering': 'no',
      });
      const ledger = seesLedger(request.person);
      const data = JSON.stringify(visibleFlow(first, ledger));
      stream.write(`retry: ${RETRY_HINT_MS}\nevent: flow\ndata: ${data}\n\n`);
      stream.on('close', feed.watch(first, watcherOf(stream, rightsOf(request))));
    },
  );
};

/** What the stream was opened by; it goes on for as long as just this holds. */
function rightsOf({ person, routeOptions }: FastifyRequest): Rights {
  const { permission } = routeOptions.config;
  const ledger = seesLedger(person);
  return {
    ledger,
    account: person.account,
    mayGoOn: (holder) =>
      holder?.personId === person.id &&
      permission !== undefined &&
      holder.permissions.has(permission) &&
      seesLedger(holder) === ledger,
  };
}

/** Each view is complete, so a slow reader misses those in between, never the newest one. */
function watcherOf(stream: ServerResponse, rights: Rights): FlowWatcher {
  let missed = '';
  const send = (view: string): void => {
    if (stream.writableNeedDrain) missed = view === '' ? missed : view;
    else stream.write(view === '' ? ': alive\n\n' : `event: flow\ndata: ${view}\n\n`);
  };
  stream.on('drain', () => {
    const view = missed;
    missed = '';
    if (view !== '') send(view);
  });
  const end = (): void => {
    // What still waits for a slow reader is not sent any more.
    missed = '';
    stream.end();
  };
  return { ...rights, send, end };
}
