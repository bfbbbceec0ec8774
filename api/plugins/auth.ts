import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { permissionsOf, type Permission } from '../../domain/permissions/permissions.ts';
import type { DevIssuer } from '../dev-issuer.ts';

export interface Person {
  /** The `sub` of the token: what commands, edits and files name. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<Permission>;
}

/** Tells who stands behind a bearer token. Throws UNAUTHENTICATED for one that does not hold. */
export type Authenticator = (token: string) => Promise<Person>;

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
      return personOf(payload);
    } catch (error) {
      throw unauthenticated(reasonOf(error), error);
    }
  };
}

function personOf(payload: JWTPayload): Person {
  const id = payload.sub ?? '';
  const { name, roles } = payload as { readonly name?: unknown; readonly roles?: unknown };
  const held = Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
  return {
    id,
    name: typeof name === 'string' ? name : id,
    roles: held,
    permissions: permissionsOf(held),
  };
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

function tokenOf(request: FastifyRequest): string {
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
export function addAuth(app: FastifyInstance, authenticate: Authenticator): void {
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
  app.addHook('onRequest', async (request, reply) => {
    const { permission, signedIn } = request.routeOptions.config;
    // A path that no route serves has neither: it ends as 404 for everybody.
    if (permission === undefined && signedIn === undefined) return;
    try {
      request.person = await authenticate(tokenOf(request));
    } catch (error) {
      void reply.header('www-authenticate', 'Bearer');
      throw error;
    }
    if (permission !== undefined && !request.person.permissions.has(permission)) {
      throw new ClearingError('FORBIDDEN', { permission, person: request.person.id });
    }
  });
}
