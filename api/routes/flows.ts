import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readFlowView, readFlowViews } from '../../db/queries/flow-view.ts';
import { pageOfAll } from '../../db/queries/page.ts';
import { readReadiness } from '../../db/queries/readiness.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import {
  Anything,
  Day,
  FlowId,
  Instant,
  list,
  nullable,
  shape,
  strict,
} from '../schemas/fields.ts';
import { FIX } from '../schemas/fix.ts';
import { FlowViewRef, Readiness } from '../schemas/flow-view.ts';
import { pageOf, WHOLE_QUERY } from '../schemas/page.ts';
import { seesLedger, visibleFlow } from '../visible-flow.ts';

const permission = 'lb_hk_clearing.clearing_busin_steps' as const;
const tags = ['flows'];
const config = { permission };
const FlowParams = strict({ ledgerDate: Day, flow: FlowId });

const ReadinessView = shape({
  ledgerDate: Day,
  flow: Type.String(),
  state: Readiness,
  run: nullable(Type.Integer()),
  ranAt: nullable(Instant),
  commandId: nullable(Type.String()),
  items: list(
    shape({
      item: Type.String(),
      name: Type.String(),
      nameZh: Type.String(),
      guide: Type.String(),
      severity: Type.Integer(),
      passed: Type.Boolean({ description: 'In truth; a pass by hand says so beside it.' }),
      evidenceHash: Type.String(),
      ...FIX,
      details: Anything,
    }),
  ),
});

export const flowRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, clock } = app.daycut;
  app.get(
    '/ledger-dates/:ledgerDate/flows',
    {
      config,
      schema: {
        operationId: 'listFlows',
        tags,
        summary: 'The flows of a ledger date, in the order in which they are cleared',
        params: strict({ ledgerDate: Day }),
        querystring: strict(WHOLE_QUERY),
        response: { 200: pageOf(FlowViewRef) },
      },
    },
    async ({ params: { ledgerDate }, person, query }) => {
      const views = await readFlowViews(db, ledgerDate, clock.now());
      if (views.length === 0) throw new ClearingError('NOT_FOUND', { ledgerDate });
      const items = views.map((view) => visibleFlow(view, seesLedger(person)));
      return pageOfAll(items, 'flows', query);
    },
  );
  app.get(
    '/ledger-dates/:ledgerDate/flows/:flow',
    {
      config,
      schema: {
        operationId: 'getFlow',
        tags,
        summary: 'One flow: mode, readiness, steps with progress, allowed commands',
        params: FlowParams,
        response: { 200: FlowViewRef },
      },
    },
    async ({ params, person }) =>
      visibleFlow(await readFlowView(db, params, clock.now()), seesLedger(person)),
  );
  app.get(
    '/ledger-dates/:ledgerDate/flows/:flow/readiness',
    {
      config,
      schema: {
        operationId: 'getReadiness',
        tags,
        summary: 'The newest readiness run, item by item',
        params: FlowParams,
        response: { 200: ReadinessView },
      },
    },
    async ({ params }) => readReadiness(db, params),
  );
};
