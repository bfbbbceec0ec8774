// Composition root of the API: config → PostgreSQL, Temporal client → app → listen.
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { buildApp } from './api/app.ts';
import { relayCommands } from './api/command-relay.ts';
import { createCommandService } from './api/command-service.ts';
import { openDevIssuer } from './api/dev-issuer.ts';
import { devAuthenticator, oidcAuthenticator } from './api/plugins/auth.ts';
import {
  EVIDENCE_KEY_FILE,
  openEvidenceKey,
  readEvidenceKey,
  type EvidenceKey,
} from './api/evidence-key.ts';
import { createReplay } from './api/replay-process.ts';
import { startRounds } from './api/rounds.ts';
import { createTicketRelay } from './api/tickets/ticket-relay.ts';
import { createTicketService } from './api/tickets/ticket-service.ts';
import { loadConfig, loadTemporal, oidcProvider, type Config } from './config.ts';
import { connect } from './db/client.ts';
import { loadFlowInput } from './db/flow-input.ts';
import { seedPeople } from './db/seed/people.ts';
import { seedCutoffTime } from './db/settings.repository.ts';
import { seedTicketFlows } from './db/seed/ticket-flows.ts';
import { loadTicketProgress } from './db/tickets.repository.ts';
import { clockFrom } from './domain/clock.ts';
import { createCommandDelivery } from './temporal/command-delivery.ts';
import { isServing } from './temporal/is-serving.ts';
import { createUnarchivedRuns } from './temporal/unarchived-runs.ts';
import { createWorkflowDoor } from './temporal/workflow-door.ts';
import { TICKET_KINDS } from './tickets/index.ts';

const config = loadConfig(process.env);
const { namespace, connectionOptions } = loadTemporal(process.env);
const logger = pino({ level: config.LOG_LEVEL, base: { role: 'server' } });
const db = connect(config.DATABASE_URL, {
  poolSize: config.PG_POOL_SIZE,
  name: 'server',
  asApplication: true,
});
const clock = clockFrom(config.DAYCUT_CLOCK);

// Lazy, so that the API can say that Temporal is down instead of not starting.
const connection = Connection.lazy({ ...connectionOptions });
const client = new Client({
  connection,
  namespace,
  ...(config.DAYCUT_TEMPORAL_IDENTITY ? { identity: config.DAYCUT_TEMPORAL_IDENTITY } : {}),
});
const door = createWorkflowDoor(client, {
  flow: (ref) => loadFlowInput(db, ref),
  ticket: (ticketId) => loadTicketProgress(db, ticketId),
});
const deliver = createCommandDelivery(client, door);

const devIssuer = config.DAYCUT_EMBEDDED
  ? await openDevIssuer(config.DAYCUT_ISSUER_KEYS ?? join(config.DAYCUT_HOME, 'issuer-keys.json'))
  : undefined;

await seedPeople(db, {
  demo: devIssuer !== undefined,
  firstAdmin: config.DAYCUT_FIRST_ADMIN,
});
await seedTicketFlows(db, devIssuer ? [...TICKET_KINDS.keys()] : []);
const commands = createCommandService({
  db,
  deliver,
  clock,
  commandTtlMs: config.DAYCUT_COMMAND_TTL_MS,
});
await seedCutoffTime(db, config.DAYCUT_CUTOFF_TIME);
const app = await buildApp({
  db,
  clock,
  logger,
  devIssuer,
  auth: devIssuer ? devAuthenticator(devIssuer) : oidcAuthenticator(oidcProvider(config)),
  commands,
  tickets: createTicketService({
    db,
    kinds: TICKET_KINDS,
    clock,
    engine: door,
    commands,
    onEngineAway: (error) => {
      logger.warn({ err: error }, 'Temporal does not hear of a ticket; it will be told again');
    },
  }),
  kinds: TICKET_KINDS,
  engine: { isTemporalUp: () => isServing(client, namespace) },
  replay: createReplay(),
  findUnarchived: createUnarchivedRuns(client),
  evidenceKey: evidenceKeyOf(config),
});
const relayTickets = createTicketRelay({ db, engine: door });
const stopRelays = [
  startRounds(
    () => relayCommands({ db, deliver }),
    (error) => {
      logger.warn({ err: error }, 'the command relay stumbled and goes on');
    },
  ),
  startRounds(relayTickets, (error) => {
    logger.warn({ err: error }, 'the ticket relay stumbled and goes on');
  }),
];
await app.listen({ host: config.HOST, port: config.PORT });

closeWithGrace({ delay: 10_000, logger }, async () => {
  await Promise.all(stopRelays.map((stop) => stop()));
  await app.close();
  await connection.close();
  await db.$client.end();
});

/** An embedded installation makes its own; elsewhere it is the broker's to make and to keep. */
function evidenceKeyOf({
  DAYCUT_EVIDENCE_KEY: file,
  DAYCUT_EMBEDDED: isEmbedded,
  DAYCUT_HOME: home,
}: Config): EvidenceKey | undefined {
  if (file !== undefined) return readEvidenceKey(file);
  return isEmbedded ? openEvidenceKey(join(home, EVIDENCE_KEY_FILE)) : undefined;
}
