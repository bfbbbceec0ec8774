import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { DEMO_PEOPLE, type DemoPerson } from '../../domain/permissions/demo-people.ts';
import { permissionsOf, type Permission } from '../../domain/permissions/permissions.ts';
import { list, oneOf, shape, strict } from '../schemas/fields.ts';

const Me = shape({
  person: Type.String(),
  name: Type.String(),
  roles: list(Type.String()),
  permissions: list(Type.String()),
});
const Token = shape({
  token: Type.String(),
  person: Type.String(),
  permissions: list(Type.String()),
});

const listed = (permissions: ReadonlySet<Permission>): Permission[] => [...permissions].sort();

export const peopleRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/me',
    {
      config: { signedIn: true },
      schema: {
        operationId: 'getMe',
        tags: ['people'],
        summary: 'Who I am and what I may do',
        response: { 200: Me },
      },
    },
    async ({ person }) => ({
      person: person.id,
      name: person.name,
      roles: [...person.roles],
      permissions: listed(person.permissions),
    }),
  );
};

/** Registered in the embedded default only: anybody who reaches it can become anybody. */
export const devTokenRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { devIssuer } = app.daycut;
  if (!devIssuer) throw new Error('there is no local issuer');
  app.post(
    '/dev/token',
    {
      config: { public: true },
      schema: {
        operationId: 'createDevToken',
        tags: ['people'],
        summary: 'A token of a demo person; only in the embedded default',
        body: strict({ person: oneOf(Object.keys(DEMO_PEOPLE) as DemoPerson[]) }),
        response: { 200: Token },
      },
    },
    async ({ body: { person } }) => ({
      token: await devIssuer.issue(person),
      person,
      permissions: listed(permissionsOf(DEMO_PEOPLE[person])),
    }),
  );
};
