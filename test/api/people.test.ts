import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDevIssuer } from '../../api/dev-issuer.ts';
import { devAuthenticator } from '../../api/plugins/auth.ts';
import { startApi, type ApiUnderTest } from './support.ts';

describe('signing in', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const token = async (person: unknown) =>
    api.app.inject({ method: 'POST', url: '/api/v1/dev/token', payload: { person } });
  const meWith = async (authorization: string) =>
    api.app.inject({ url: '/api/v1/me', headers: { authorization } });

  it('a demo person gets a token and is known by it', async () => {
    const answer = (await token('approver')).json<{ token: string; permissions: string[] }>();
    const me = await meWith(`Bearer ${answer.token}`);
    expect(me.json()).toEqual({
      person: 'approver',
      account: 'approver',
      name: 'approver',
      roles: ['approver'],
      permissions: answer.permissions,
    });
    expect(answer.permissions).toContain('clearing.revoke_exec');
  });

  it('an account says nothing about its person', async () => {
    const answer = (await token('operator.approver')).json<{ token: string }>();
    const me = await meWith(`Bearer ${answer.token}`);
    expect(me.json()).toMatchObject({ person: 'operator', account: 'operator.approver' });
  });

  it('a person whom nobody knows is refused with the names that are known', async () => {
    const answer = await token('root');
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      details: { errors: [{ in: 'body', field: '/person' }] },
    });
    expect(answer.body).toContain('operator2');
  });

  it.each([
    { name: 'no token', authorization: '' },
    { name: 'another scheme', authorization: 'Basic b3BlcmF0b3I6' },
    { name: 'no JWT', authorization: 'Bearer nonsense' },
    {
      name: 'an unsigned token',
      authorization: `Bearer ${[{ alg: 'none' }, { sub: 'operator', roles: ['operator'] }]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.')}.`,
    },
  ])('$name is 401', async ({ authorization }) => {
    const answer = await meWith(authorization);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('a token that somebody else signed is 401', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await new SignJWT({ roles: ['operator'] })
      .setProtectedHeader({ alg: 'ES256' })
      .setSubject('operator')
      .setIssuer('urn:daycut:dev-issuer')
      .setAudience('daycut')
      .setExpirationTime('1h')
      .sign(privateKey);
    expect((await meWith(`Bearer ${forged}`)).statusCode).toBe(401);
  });

  it.each([
    { name: 'has expired', issuer: 'urn:test', audience: 'daycut', expires: 0, holds: false },
    {
      name: 'is of another issuer',
      issuer: 'urn:x',
      audience: 'daycut',
      expires: 9e9,
      holds: false,
    },
    { name: 'is for somebody else', issuer: 'urn:test', audience: 'x', expires: 9e9, holds: false },
    { name: 'fits', issuer: 'urn:test', audience: 'daycut', expires: 9e9, holds: true },
  ])('a signed token that $name: $holds', async ({ issuer, audience, expires, holds }) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] };
    const trust = { issuer: 'urn:test', audience: 'daycut', jwks, issue: async () => '' };
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256' })
      .setSubject('kim')
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime(expires)
      .sign(privateKey);
    const known = await devAuthenticator(trust)(token).catch((error: unknown) => error);
    expect(known).toEqual(holds ? 'kim' : expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });

  it('a token whose key is the public one of the issuer is 401', async () => {
    const [open] = api.app.daycut.devIssuer!.jwks.keys;
    const key = createPublicKey({ key: open as JsonWebKey, format: 'jwk' });
    for (const secret of [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'spki', format: 'der' }),
      JSON.stringify(open),
    ]) {
      const forged = await new SignJWT({ roles: ['operator'] })
        .setProtectedHeader({ alg: 'HS256', kid: open!.kid! })
        .setSubject('operator')
        .setIssuer('urn:daycut:dev-issuer')
        .setAudience('daycut')
        .setExpirationTime('1h')
        .sign(Buffer.from(secret));
      expect((await meWith(`Bearer ${forged}`)).statusCode).toBe(401);
    }
  });

  it.each([
    ['that does not hold yet', { sub: 'kim', exp: 9e9, nbf: 8e9 }],
    ['that never expires', { sub: 'kim' }],
    ['of nobody', { exp: 9e9 }],
  ])('a signed token %s is none', async (_name, claims) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] };
    const trust = { issuer: 'urn:test', audience: 'daycut', jwks, issue: async () => '' };
    const token = await new SignJWT({ ...claims, iss: 'urn:test', aud: 'daycut' })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(privateKey);
    await expect(devAuthenticator(trust)(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('a token in the query opens event streams only', async () => {
    const { token: jwt } = (await token('operator')).json<{ token: string }>();
    const answer = await api.app.inject({ url: `/api/v1/commands?access_token=${jwt}` });
    expect(answer.statusCode).toBe(401);
  });
});

describe('the local issuer', () => {
  it('keeps its key in a file of its owner, so tokens outlive a restart', async () => {
    const keyFile = join(mkdtempSync(join(inject('scratch'), 'keys-')), 'deep', 'issuer.json');
    const first = await openDevIssuer(keyFile);
    const token = await first.issue('auditor');
    const second = await openDevIssuer(keyFile);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(second.jwks)).not.toContain('"d"');
    await expect(devAuthenticator(second)(token)).resolves.toBe('auditor');
  });

  it('two that start at once end with one key', async () => {
    const keyFile = join(mkdtempSync(join(inject('scratch'), 'keys-')), 'issuer.json');
    const [one, other] = await Promise.all([openDevIssuer(keyFile), openDevIssuer(keyFile)]);
    expect(one.jwks).toEqual(other.jwks);
  });
});
