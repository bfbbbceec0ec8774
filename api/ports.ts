import type { Origin } from '../db/audit.repository.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { CommandKind } from '../domain/clearing/commands.ts';
import type { ErrorCode } from '../domain/errors/error-catalogue.ts';
import type { DecisionKind } from '../domain/tickets/ticket.ts';

/** What an operator asks of a flow (or, for dayCut, of the ledger day). */
export interface CommandRequest {
  readonly commandId: string;
  readonly kind: CommandKind;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly person: string;
  /** For the audit log; not part of what is asked. */
  readonly origin: Origin;
  /** The revision that the screen showed; absent = the caller did not look. */
  readonly revision?: number;
  /** Parameters of the kind: { step }, { assetRollback, supplements, reason }, { confirmToken }. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export type CommandAnswer =
  | { readonly kind: 'applied'; readonly repeated: boolean }
  | {
      readonly kind: 'refused';
      readonly repeated: boolean;
      readonly code: ErrorCode;
      readonly details: Readonly<Record<string, unknown>>;
    }
  /** No outcome yet: the caller asks /commands/{id} later; a relay keeps delivering it. */
  | { readonly kind: 'undecided' };

/** The one way in which the API makes anything happen in a flow. */
export interface CommandService {
  submit(request: CommandRequest): Promise<CommandAnswer>;
  /** Delivers a command that is written down; no effect on one that is final. */
  deliver(commandId: string): Promise<void>;
}

/** Who asks, or decides: the person, and by which account they came. */
export interface Asker {
  readonly id: string;
  readonly account: string;
  readonly permissions: ReadonlySet<string>;
}

/** What somebody asks a second person to consent to. */
export interface TicketRequest {
  /** The Idempotency-Key. */
  readonly requestId: string;
  readonly key: string;
  readonly target: unknown;
  readonly payload: unknown;
  readonly reason: string;
  /** The target's version that the screen showed; absent = the caller did not look. */
  readonly version?: string | undefined;
  readonly by: Asker;
  /** For the audit log; not part of what is asked. */
  readonly origin: Origin;
}

export interface DecisionRequest {
  /** The Idempotency-Key. */
  readonly requestId: string;
  readonly ticketId: string;
  readonly kind: DecisionKind;
  /** The node that the screen showed; absent = the one that waits. */
  readonly node?: number | undefined;
  readonly reason: string;
  readonly by: Asker;
  readonly origin: Origin;
}

/** Opens tickets and takes decisions on them. Refusals are thrown with their code. */
export interface TicketService {
  open(request: TicketRequest): Promise<{ readonly ticketId: string; readonly repeated: boolean }>;
  /** taken: false = written down, and not yet taken into account by the ticket. */
  decide(
    request: DecisionRequest,
  ): Promise<{ readonly taken: boolean; readonly repeated: boolean }>;
}

/** Whether the engine answers; used by health only. */
export interface EngineProbe {
  isTemporalUp(): Promise<boolean>;
}
