import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { STORE_IS_SILENT, storeProbe } from '../../db/queries/health.ts';
import { oneOf, shape } from '../schemas/fields.ts';

const Health = shape({
  status: oneOf(['ok', 'unavailable']),
  postgres: Type.Boolean(),
  temporal: Type.Boolean(),
  workers: shape({ control: Type.Boolean(), batch: Type.Boolean() }),
});

/** Who asks for health has little patience: no answer is one as well. */
const PATIENCE_MS = 2_000;

const inTime = <T>(answer: Promise<T>, otherwise: T): Promise<T> =>
  Promise.race([answer, pause(PATIENCE_MS, otherwise, { ref: false })]);

export const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, engine } = app.daycut;
  const askStore = storeProbe(db.$client);
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
        inTime(askStore(), STORE_IS_SILENT),
        inTime(engine.isTemporalUp(), false),
      ]);
      const isOk = store.postgres && temporal && store.workers.control && store.workers.batch;
      const health = { status: isOk ? ('ok' as const) : ('unavailable' as const), temporal };
      return reply.code(isOk ? 200 : 503).send({ ...health, ...store });
    },
  );
};
