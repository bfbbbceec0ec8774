import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readHealth } from '../../db/queries/health.ts';
import { oneOf, shape } from '../schemas/fields.ts';

const Health = shape({
  status: oneOf(['ok', 'unavailable']),
  postgres: Type.Boolean(),
  temporal: Type.Boolean(),
  workers: shape({ control: Type.Boolean(), batch: Type.Boolean() }),
});

export const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/health',
    {
      config: { public: true },
      schema: {
        operationId: 'getHealth',
        tags: ['operation'],
        summary: 'Whether PostgreSQL, Temporal and both worker roles answer',
        response: { 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const [store, temporal] = await Promise.all([
        readHealth(app.daycut.db.$client),
        app.daycut.engine.isTemporalUp(),
      ]);
      const isOk = store.postgres && temporal && store.workers.control && store.workers.batch;
      const health = { status: isOk ? ('ok' as const) : ('unavailable' as const), temporal };
      return reply.code(isOk ? 200 : 503).send({ ...health, ...store });
    },
  );
};
