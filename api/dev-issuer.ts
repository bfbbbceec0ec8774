import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JSONWebKeySet,
  type JWK,
} from 'jose';
import type { DemoAccount } from '../domain/permissions/demo-people.ts';

const ALGORITHM = 'ES256';
const LIFETIME = '12h';

/** Signs tokens for the demo people of an embedded installation; never part of a production one. */
export interface DevIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: JSONWebKeySet;
  issue(account: DemoAccount): Promise<string>;
}

/** The key pair lives in a file that only its owner reads, so tokens outlive a restart. */
export async function openDevIssuer(keyFile: string): Promise<DevIssuer> {
  const secret = await loadOrCreate(keyFile);
  const kid = await calculateJwkThumbprint(secret);
  const open = { ...secret };
  delete open.d;
  const key = await importJWK(secret, ALGORITHM);
  const trust = { issuer: 'urn:daycut:dev-issuer', audience: 'daycut' };
  return {
    ...trust,
    jwks: { keys: [{ ...open, kid, alg: ALGORITHM, use: 'sig' }] },
    // An account and nothing else: what its person may do stands in PostgreSQL.
    issue: (account) =>
      new SignJWT({})
        .setProtectedHeader({ alg: ALGORITHM, kid })
        .setSubject(account)
        .setIssuer(trust.issuer)
        .setAudience(trust.audience)
        .setIssuedAt()
        .setExpirationTime(LIFETIME)
        .sign(key),
  };
}

async function loadOrCreate(keyFile: string): Promise<JWK> {
  const known = await readKey(keyFile);
  if (known) return known;
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  await mkdir(dirname(keyFile), { recursive: true });
  try {
    const text = JSON.stringify(await exportJWK(privateKey));
    await writeFile(keyFile, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process was faster; its key is the one that counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const written = await readKey(keyFile);
  if (!written) throw new Error(`the key file ${keyFile} disappeared`);
  return written;
}

async function readKey(keyFile: string): Promise<JWK | undefined> {
  try {
    return JSON.parse(await readFile(keyFile, 'utf8')) as JWK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
