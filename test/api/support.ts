import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { inject } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { openDevIssuer } from '../../api/dev-issuer.ts';
import { devAuthenticator } from '../../api/plugins/auth.ts';
import { openEvidenceKey } from '../../api/evidence-key.ts';
import { createReplay } from '../../api/replay-process.ts';
import type { CommandAnswer, CommandRequest } from '../../api/ports.ts';
import { createTicketService } from '../../api/tickets/ticket-service.ts';
import { connect, type Db } from '../../db/client.ts';
import { applyCommand } from '../../db/commands.repository.ts';
import { seedPeople } from '../../db/seed/people.ts';
import { seedTicketFlows } from '../../db/seed/ticket-flows.ts';
import { inTransaction } from '../../db/transaction.ts';
import { loadTinyBroker } from '../../scripts/sample-broker/load.ts';
import { parseBusinessDate } from '../../domain/calendar/business-date.ts';
import { clockFrom } from '../../domain/clock.ts';
import type { DemoAccount } from '../../domain/permissions/demo-people.ts';
import { TICKET_KINDS } from '../../tickets/index.ts';
import type { TicketKinds } from '../../tickets/ticket-kind.ts';
import { freshDatabase, type Template } from '../support/database.ts';
import { playedEngine } from '../tickets/support/played-engine.ts';

export const MON_2025_12_22 = parseBusinessDate('2025-12-22');
export const TUE_2025_12_23 = parseBusinessDate('2025-12-23');
export const AFTER_CUTOFF = '2025-12-22T10:00:00Z';

export interface ApiUnderTest {
  readonly app: FastifyInstance;
  readonly db: Db;
  /** What reached the command port, in order. */
  readonly submitted: CommandRequest[];
  /** What the port answers next; applied unless said. */
  answer: CommandAnswer | Error;
  isTemporalUp: boolean;
  as(account: DemoAccount): Promise<Record<string, string>>;
  get(path: string, account?: DemoAccount): Promise<LightMyRequestResponse>;
  post(path: string, body?: object, options?: InjectOptions): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

/** The API on a database of its own with an open ledger date; only the engine is played. */
export async function startApi(
  template: Template = 'empty',
  kinds: TicketKinds = TICKET_KINDS,
): Promise<ApiUnderTest> {
  const url = await freshDatabase(template);
  if (template === 'empty') await loadTinyBroker(url, { firstLedgerDate: MON_2025_12_22 });
  const db = connect(url, { poolSize: 4 });
  await seedPeople(db, { demo: true });
  await seedTicketFlows(db, []);
  const devIssuer = await openDevIssuer(join(inject('scratch'), 'issuer-keys.json'));
  const submitted: CommandRequest[] = [];
  const clock = clockFrom(AFTER_CUTOFF);
  const app = await buildApp({
    db,
    devIssuer,
    auth: devAuthenticator(devIssuer),
    clock,
    replay: createReplay(),
    findUnarchived: async () => undefined,
    evidenceKey: openEvidenceKey(join(inject('scratch'), 'evidence-key.pem')),
    engine: { isTemporalUp: async () => api.isTemporalUp },
    commands: {
      submit: async (request) => {
        submitted.push(request);
        if (api.answer instanceof Error) throw api.answer;
        return api.answer;
      },
      deliver: async () => undefined,
    },
    tickets: createTicketService({
      db,
      kinds,
      clock,
      engine: playedEngine({ db, kinds, clock }),
      commands: {
        // As the flow would, in the transaction of the first effect.
        deliver: async (id) => {
          await inTransaction(db, ({ tx }) => applyCommand(tx, id));
        },
      },
      onEngineAway: (error) => {
        throw error;
      },
    }),
    kinds,
  });
  const as = async (account: DemoAccount) => ({
    authorization: `Bearer ${await devIssuer.issue(account)}`,
  });
  const api: ApiUnderTest = {
    app,
    db,
    submitted,
    answer: { kind: 'applied', repeated: false },
    isTemporalUp: true,
    as,
    get: async (path, account = 'operator') =>
      app.inject({ method: 'GET', url: `/api/v1${path}`, headers: await as(account) }),
    post: async (path, body, options = {}) =>
      app.inject({
        method: 'POST',
        url: `/api/v1${path}`,
        ...(body === undefined ? {} : { payload: body }),
        ...options,
        headers: {
          ...(await as('operator')),
          ...(options.headers ?? { 'idempotency-key': randomUUID() }),
        },
      }),
    close: async () => {
      await app.close();
      await db.$client.end();
    },
  };
  return api;
}
