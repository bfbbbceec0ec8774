import type { Db } from '../db/client.ts';
import type { Replay } from '../domain/audit/replay.ts';
import type { Clock } from '../domain/clock.ts';
import type { Permission } from '../domain/permissions/permissions.ts';
import type { FindUnarchivedRun } from '../temporal/unarchived-runs.ts';
import type { TicketKinds } from '../tickets/ticket-kind.ts';
import type { DevIssuer } from './dev-issuer.ts';
import type { EvidenceKey } from './evidence-key.ts';
import type { FlowFeed } from './flow-feed.ts';
import type { Authenticator, DeclaredRoute, Person } from './plugins/auth.ts';
import type { CommandService, EngineProbe, TicketService } from './ports.ts';

/** What the API stands on; the composition root makes it. Routes find it as `app.daycut`. */
export interface ApiDependencies {
  readonly db: Db;
  readonly commands: CommandService;
  readonly tickets: TicketService;
  /** The ticket keys of this release. */
  readonly kinds: TicketKinds;
  readonly engine: EngineProbe;
  readonly auth: Authenticator;
  /** The local issuer of the embedded default; without it there is no POST /dev/token. */
  readonly devIssuer?: DevIssuer | undefined;
  readonly clock: Clock;
  readonly replay: Replay;
  readonly findUnarchived: FindUnarchivedRun;
  /** Without it there is no evidence. */
  readonly evidenceKey?: EvidenceKey | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly daycut: ApiDependencies & { readonly feed: FlowFeed };
    /** Every route with who may call it. */
    readonly routeTable: readonly DeclaredRoute[];
  }
  interface FastifyRequest {
    /** Who asks. Set before any handler of a route that is not public. */
    person: Person;
  }
  interface FastifyContextConfig {
    /** The code that a person needs; exactly one of these three stands on every route. */
    permission?: Permission;
    /** Any signed-in person. */
    signedIn?: true;
    public?: true;
    /** Who reads it stands in the audit log. */
    sensitive?: true;
    /** Event streams only: a browser's EventSource cannot send headers. */
    tokenInQuery?: true;
  }
}
