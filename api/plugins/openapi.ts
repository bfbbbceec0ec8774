import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { API_PREFIX } from '../prefix.ts';
import { strict } from '../schemas/fields.ts';
import { FlowViewSchema } from '../schemas/flow-view.ts';
import { PROBLEM_RESPONSES, ProblemSchema } from '../schemas/problem.ts';
import { completeDocument } from './openapi-document.ts';

const DOCS = '/api/docs';
const DESCRIPTION = `End-of-day clearing. Amounts are decimal strings; dates are YYYY-MM-DD;
instants are UTC. Commands need an Idempotency-Key; lists are paged by cursor; problems are RFC 9457.`;

/** Comes before any route: what each one asks for and answers beyond what it says itself. */
export const addRouteConventions = (app: FastifyInstance): void => {
  app.addHook('onRoute', addConventions);
};

function addConventions(route: RouteOptions): void {
  // The library's own routes: pages and their files, which hold no data.
  if (route.url.startsWith(DOCS)) route.config = { ...route.config, public: true };
  const { permission, signedIn } = route.config ?? {};
  if (!route.url.startsWith(API_PREFIX) || !route.schema) return;
  const needsToken = permission !== undefined || signedIn === true;
  route.schema = {
    // Also where nothing can be asked for, a parameter that nobody defined is a mistake.
    querystring: strict({}),
    ...route.schema,
    ...(needsToken ? { security: [{ bearer: [] }] } : {}),
    ...(permission === undefined ? {} : { 'x-permission': permission }),
    response: { ...(route.schema.response as object), ...PROBLEM_RESPONSES },
  };
}

/** OpenAPI 3.1, made of the route schemas: documentation and behaviour cannot differ. */
export async function addOpenApi(app: FastifyInstance): Promise<void> {
  app.addSchema(ProblemSchema);
  app.addSchema(FlowViewSchema);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Daycut', version: '1', description: DESCRIPTION },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
    transformObject: (documented) =>
      'openapiObject' in documented
        ? completeDocument(documented.openapiObject)
        : documented.swaggerObject,
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, index) =>
        typeof $id === 'string' ? $id : `schema-${index}`,
    },
  });
  await app.register(swaggerUi, { routePrefix: DOCS, staticCSP: true });
  app.get('/', { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
    reply.redirect(DOCS),
  );
  app.get('/api/openapi.json', { config: { public: true }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
}
