import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readDayCut, readLedgerDate, readLedgerDates } from '../../db/queries/ledger-dates.ts';
import { Anything, Day, Instant, list, nullable, oneOf, shape, strict } from '../schemas/fields.ts';
import { Mode, Readiness } from '../schemas/flow-view.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const permission = 'lb_hk_clearing.clearing_busin_steps' as const;
const tags = ['ledger dates'];
const config = { permission };

const LedgerDate = shape({
  ledgerDate: Day,
  status: oneOf(['OPEN', 'CUT']),
  cutoffAt: Instant,
  cutoffReached: Type.Boolean(),
  openedAt: Instant,
  cutAt: nullable(Instant),
  flows: list(
    shape({
      flow: Type.String(),
      name: Type.String(),
      mode: Mode,
      readiness: Readiness,
      generation: Type.Integer(),
      revision: Type.Integer(),
    }),
  ),
});

const DayCut = shape({
  ledgerDate: Day,
  allowed: Type.Boolean(),
  blockers: list(shape({ code: Type.String(), details: Anything })),
  confirmToken: Type.String({ description: 'Send it back with the day cut.' }),
});

export const ledgerDateRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, clock } = app.daycut;
  app.get(
    '/ledger-dates',
    {
      config,
      schema: {
        operationId: 'listLedgerDates',
        tags,
        summary: 'Ledger dates, newest first',
        querystring: strict(PAGE_QUERY),
        response: { 200: pageOf(LedgerDate) },
      },
    },
    async ({ query }) => readLedgerDates(db.$client, query, clock.now()),
  );
  app.get(
    '/ledger-dates/current',
    {
      config,
      schema: {
        operationId: 'getCurrentLedgerDate',
        tags,
        summary: 'The open ledger date',
        response: { 200: LedgerDate },
      },
    },
    async () => readLedgerDate(db.$client, 'current', clock.now()),
  );
  app.get(
    '/ledger-dates/:ledgerDate',
    {
      config,
      schema: {
        operationId: 'getLedgerDate',
        tags,
        summary: 'One ledger date with its flows',
        params: strict({ ledgerDate: Day }),
        response: { 200: LedgerDate },
      },
    },
    async ({ params }) => readLedgerDate(db.$client, params.ledgerDate, clock.now()),
  );
  app.get(
    '/ledger-dates/:ledgerDate/day-cut',
    {
      config,
      schema: {
        operationId: 'getDayCut',
        tags,
        summary: 'What stands between now and the day cut',
        params: strict({ ledgerDate: Day }),
        response: { 200: DayCut },
      },
    },
    async ({ params }) => readDayCut(db, params.ledgerDate),
  );
};
