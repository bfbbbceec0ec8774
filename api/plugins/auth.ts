import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { Holder } from '../../db/people.repository.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { Permission } from '../../domain/permissions/permissions.ts';
import type { DevIssuer } from '../dev-issuer.ts';

export interface Person {
  /** Of the person, not of the account: what commands, edits, files and tickets name. */
  readonly id: string;
  /** The `sub` of the token: by which account the person came. */
  readonly account: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
}

/** Tells which account a bearer token proves. Throws UNAUTHENTICATED for one that does not hold. */
export type Authenticator = (token: string) => Promise<string>;

/** Whose account it is, and what that person holds now; undefined for a stranger. */
export type FindHolder = (account: string) => Promise<Holder | undefined>;

type KeyLookup = Parameters<typeof jwtVerify>[1];

interface Trust {
  readonly issuer: string;
  readonly audience: string;
}

/** An OIDC provider: its published keys are fetched when needed and cached. */
export const oidcAuthenticator = (provider: Trust & { readonly jwksUrl: string }): Authenticator =>
  authenticator(createRemoteJWKSet(new URL(provider.jwksUrl)), provider);

/** The local issuer of an embedded installation. */
export const devAuthenticator = (issuer: DevIssuer): Authenticator =>
  authenticator(createLocalJWKSet(issuer.jwks), issuer);

function authenticator(keys: KeyLookup, { issuer, audience }: Trust): Authenticator {
  return async (token) => {
    try {
      // The host's own time, not the clock port: an issuer knows nothing of a shifted clock.
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'],
        requiredClaims: ['sub', 'exp'],
      });
      return payload.sub ?? '';
    } catch (error) {
      throw unauthenticated(reasonOf(error), error);
    }
  };
}

/**
 * Roles are read at each request, never taken from the token: one that is lost counts at once. Who
 * is known to the issuer and not to us may do nothing, and so may somebody who has left.
 */
async function personOf(account: string, findHolder: FindHolder): Promise<Person> {
  const holder = await findHolder(account);
  if (!holder) throw new ClearingError('SIGN_IN_UNKNOWN', { account });
  const { personId: id, name, active, roles, permissions } = holder;
  if (!active) throw new ClearingError('PERSON_LEFT', { person: id });
  return { id, account, name, roles, permissions };
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `the claim ${error.claim} is wrong`;
  // Anything that is not about the token is about fetching the keys.
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    return 'the keys of the issuer cannot be fetched';
  }
  return 'the token does not hold';
}

const unauthenticated = (why: string, cause?: unknown): ClearingError =>
  new ClearingError('UNAUTHENTICATED', { why }, { cause });

/** The bearer token of a request. Throws UNAUTHENTICATED without one. */
export function tokenOf(request: FastifyRequest): string {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() === 'bearer' && token) return token;
  const { access_token: inQuery } = request.query as { readonly access_token?: unknown };
  if (request.routeOptions.config.tokenInQuery && typeof inQuery === 'string') return inQuery;
  throw unauthenticated('send Authorization: Bearer <token>');
}

/** Who may call a route, as the route declares it. */
export interface DeclaredRoute {
  readonly method: string;
  readonly url: string;
  readonly access: Permission | 'signed in' | 'public';
}

/**
 * Every route declares who may call it, or the application does not start. The check runs before
 * the body is read, so a stranger cannot make the server parse anything.
 */
export function addAuth(
  app: FastifyInstance,
  authenticate: Authenticator,
  findHolder: FindHolder,
  noteSignIn?: (person: Person, request: FastifyRequest) => Promise<void>,
): void {
  const table: DeclaredRoute[] = [];
  app.decorate('routeTable', table);
  app.addHook('onRoute', ({ method, url, config = {} }) => {
    const access = [
      config.permission,
      config.signedIn && ('signed in' as const),
      config.public && ('public' as const),
    ].filter((said) => said !== undefined);
    const [only, ...others] = access;
    if (only === undefined || others.length > 0) {
      throw new Error(`${String(method)} ${url} must declare one kind of access`);
    }
    for (const each of [method].flat()) table.push({ method: each, url, access: only });
  });
  app.decorateRequest('person', null as unknown as Person);
  const accountOf = async (request: FastifyRequest) => authenticate(tokenOf(request));
  app.addHook('onRequest', async (request, reply) => {
    const { permission, signedIn } = request.routeOptions.config;
    // A path that no route serves has neither: it ends as 404 for everybody.
    if (permission === undefined && signedIn === undefined) return;
    const account = await accountOf(request).catch((error: unknown) => {
      void reply.header('www-authenticate', 'Bearer');
      throw error;
    });
    request.person = await personOf(account, findHolder);
    await noteSignIn?.(request.person, request);
    if (permission !== undefined && !request.person.permissions.has(permission)) {
      throw new ClearingError('FORBIDDEN', { permission, person: request.person.id });
    }
  });
}
