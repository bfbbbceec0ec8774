import { buildApp } from '../../api/app.ts';
import type { DevIssuer } from '../../api/dev-issuer.ts';
import type { DeclaredRoute } from '../../api/plugins/auth.ts';
import { connect } from '../../db/client.ts';
import { clockFrom } from '../../domain/clock.ts';
import { TICKET_KINDS } from '../../tickets/index.ts';

export interface ApiDescription {
  /** The OpenAPI document as text, as it is committed. */
  readonly openapi: string;
  readonly routes: readonly DeclaredRoute[];
}

const nobody = async (): Promise<never> => {
  throw new Error('the API is only described here, not served');
};

/**
 * Builds the API with nothing behind it: a pool connects when it is first asked, and nobody asks.
 */
export async function describeApi(): Promise<ApiDescription> {
  const db = connect('postgres://nobody@localhost/nothing');
  const devIssuer: DevIssuer = { issuer: '', audience: '', jwks: { keys: [] }, issue: nobody };
  const app = await buildApp({
    db,
    devIssuer,
    auth: nobody,
    commands: { submit: nobody, deliver: nobody },
    tickets: { open: nobody, decide: nobody },
    kinds: TICKET_KINDS,
    engine: { isTemporalUp: nobody },
    replay: nobody,
    findUnarchived: nobody,
    clock: clockFrom('2025-12-22T00:00:00Z'),
  });
  try {
    const openapi = `${JSON.stringify(app.swagger(), null, 2)}\n`;
    return { openapi, routes: [...app.routeTable] };
  } finally {
    await app.close();
    await db.$client.end();
  }
}
