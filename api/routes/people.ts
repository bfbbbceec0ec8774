import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { noteOrigin } from '../../db/audit.repository.ts';
import {
  holderOfAccount,
  insertPerson,
  lockPerson,
  setActive,
} from '../../db/people.repository.ts';
import { isOnlyAdmin, lockRoleChanges } from '../../db/role-changes.repository.ts';
import { readPeople, readPerson, readRoles } from '../../db/queries/people.ts';
import { inTransaction } from '../../db/transaction.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { DEMO_ACCOUNT_NAMES } from '../../domain/permissions/demo-people.ts';
import { actorOf } from '../audit-actor.ts';
import { line, list, nullable, oneOf, shape, strict } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';
import { keepingConsent } from '../tickets/consent-to-flows.ts';

const tags = ['people'];
const query = { permission: 'admin.people_query', sensitive: true } as const;
const operation = { permission: 'admin.people_operation' } as const;
const Texts = list(Type.String());

const Me = shape({
  person: Type.String({ description: 'The person, whatever the account is called.' }),
  account: Type.String(),
  name: Type.String(),
  roles: Texts,
  permissions: Texts,
});
const PersonSchema = shape({
  personId: Type.String(),
  name: Type.String(),
  active: Type.Boolean(),
  version: Type.Integer({ description: 'Counts changes of the roles.' }),
  roles: Texts,
  accounts: Texts,
});
const Role = shape({ role: Type.String(), description: Type.String(), permissions: Texts });

const PersonId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$' });
/** The `sub` of a token. */
const Account = line(255);

export const peopleRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db } = app.daycut;
  app.get(
    '/me',
    {
      config: { signedIn: true },
      schema: {
        operationId: 'getMe',
        tags,
        summary: 'Who I am and what I may do',
        response: { 200: Me },
      },
    },
    async ({ person: { id, account, name, roles, permissions } }) => ({
      person: id,
      account,
      name,
      roles: [...roles].sort(),
      permissions: [...permissions].sort(),
    }),
  );
  app.get(
    '/people',
    {
      config: query,
      schema: {
        operationId: 'listPeople',
        tags,
        summary: 'Everybody who is registered, with roles and sign-in accounts',
        querystring: strict(PAGE_QUERY),
        response: { 200: pageOf(PersonSchema) },
      },
    },
    async ({ query: page }) => readPeople(db.$client, page),
  );
  app.get(
    '/roles',
    {
      config: query,
      schema: {
        operationId: 'listRoles',
        tags,
        summary: 'Roles with the permission codes that they bundle',
        response: { 200: shape({ items: list(Role), nextCursor: nullable(Type.String()) }) },
      },
    },
    async () => ({ items: await readRoles(db.$client), nextCursor: null }),
  );
};

/** Who is registered at all. Roles are not given here: that needs a second person's consent. */
export const registrationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, kinds } = app.daycut;
  app.post(
    '/people',
    {
      config: operation,
      schema: {
        operationId: 'registerPerson',
        tags,
        summary: 'Register a person with their sign-in accounts; roles are given by ticket',
        body: strict({
          personId: PersonId,
          name: line(120),
          accounts: Type.Array(Account, { minItems: 1, maxItems: 10, uniqueItems: true }),
        }),
        response: { 201: PersonSchema },
      },
    },
    async (request, reply) => {
      const { body } = request;
      await inTransaction(db, async ({ tx }) => {
        await noteOrigin(tx, actorOf(request));
        await insertPerson(tx, body);
      });
      return reply.code(201).send(await readPerson(db.$client, body.personId));
    },
  );
  app.patch(
    '/people/:personId',
    {
      config: operation,
      schema: {
        operationId: 'changePerson',
        tags,
        summary: 'Say that a person has left, which takes every role, or is back, without any',
        description: 'Neither the last administrator nor the last who could consent can leave.',
        params: strict({ personId: PersonId }),
        body: strict({ active: Type.Boolean() }),
        response: { 200: PersonSchema },
      },
    },
    async (request) => {
      const { personId } = request.params;
      const { active } = request.body;
      await inTransaction(db, async (t) => {
        const { tx } = t;
        await lockRoleChanges(t);
        const known = await lockPerson(tx, personId);
        if (known.active === active) return;
        if (await isOnlyAdmin(tx, known)) throw new ClearingError('LAST_ADMIN', { personId });
        await noteOrigin(tx, actorOf(request));
        await keepingConsent(tx, kinds, personId, () => setActive(tx, personId, active));
      });
      return readPerson(db.$client, personId);
    },
  );
};

const Token = shape({
  token: Type.String(),
  person: Type.String({ description: 'The account that was asked for.' }),
  permissions: Texts,
});

/** Registered in the embedded default only: anybody who reaches it can become anybody. */
export const devTokenRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { devIssuer, db } = app.daycut;
  if (!devIssuer) throw new Error('there is no local issuer');
  app.post(
    '/dev/token',
    {
      config: { public: true },
      schema: {
        operationId: 'createDevToken',
        tags,
        summary: 'A token of a demo account; only in the embedded default',
        body: strict({ person: oneOf(DEMO_ACCOUNT_NAMES) }),
        response: { 200: Token },
      },
    },
    async ({ body: { person } }) => ({
      token: await devIssuer.issue(person),
      person,
      permissions: [...((await holderOfAccount(db, person))?.permissions ?? [])].sort(),
    }),
  );
};
