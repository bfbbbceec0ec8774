import type { Static, TSchema } from 'typebox';
import type { Transaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { CommandKind } from '../domain/clearing/commands.ts';
import type { Refusal } from '../domain/clearing/guards.ts';
import type { Permission } from '../domain/permissions/permissions.ts';
import type { TicketAmount } from '../domain/tickets/ticket-flow.ts';

/*
 * A ticket key (工单标识) is one file in this folder: what it speaks about, what is asked, who may ask
 * and who may see it, and what happens when it was consented to. Everything else, from the approval
 * flow to exactly one effect, is the same for every key.
 */

export type Facts = Readonly<Record<string, unknown>>;

export interface Texts {
  readonly en: string;
  readonly zhHans: string;
  readonly zhHant: string;
}

/** The target as it is now, and what consent would make of it. */
export interface TicketSubject {
  /** Names the target among those of its type; one open ticket for each key and target. */
  readonly targetId: string;
  /** Another one when the effect is due means: the target changed, and the ticket is STALE. */
  readonly version: string;
  readonly ledgerDate?: BusinessDate | undefined;
  readonly flow?: string | undefined;
  /** What an approver reads: the same names in both, so that a screen can set them side by side. */
  readonly before: Facts;
  readonly after: Facts;
  readonly worth?: TicketAmount | undefined;
  /** Why this cannot be asked for, or can no longer be done, although the version is the same. */
  readonly refusal?: Refusal | undefined;
}

export interface SubjectContext {
  /** Of the clock port. */
  readonly now: Date;
  /** True when the effect follows in this transaction: the target must not change meanwhile. */
  readonly lock: boolean;
}

/** A ticket that everybody consented to, as its effect sees it. */
export interface ApprovedTicket<Target, Payload> {
  readonly ticketId: string;
  readonly target: Target;
  readonly payload: Payload;
  readonly reason: string;
  /** Persons: who asked, and who consented (`system` where the flow approves by itself). */
  readonly maker: string;
  readonly approvers: readonly string[];
  readonly subject: TicketSubject;
  readonly now: Date;
}

/** A command of a flow, or of its ledger day, that carries an effect out. */
export interface CommandOrder {
  readonly kind: CommandKind;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly revision: number;
  readonly payload: Facts;
}

export type TicketEffect<Target, Payload> =
  /**
   * Only PostgreSQL is touched: applied in the transaction that makes the ticket SUCCEEDED, so
   * exactly once. A ClearingError undoes it and makes the ticket FAILED with the code. Returns what
   * the ticket shows as its result.
   */
  | {
      readonly kind: 'transaction';
      apply(t: Transaction, ticket: ApprovedTicket<Target, Payload>): Promise<Facts>;
    }
  /**
   * A command is written in the transaction that makes the ticket EXECUTING, under an id derived
   * from the ticket, and delivered like any other; its outcome is the ticket's.
   */
  | {
      readonly kind: 'command';
      command(ticket: ApprovedTicket<Target, Payload>): CommandOrder;
    };

export interface TicketKindOf<Target, Payload> {
  /** module.object.verb, as the product has it where it has one. */
  readonly key: string;
  readonly name: Texts;
  readonly targetType: string;
  /** What POST /tickets takes as `target` and `payload`: strict objects. */
  readonly target: TSchema;
  readonly payload: TSchema;
  /** Who may ask. */
  readonly ask: Permission;
  /** Who may see target, payload, before, after and result; others get the ticket without them. */
  readonly see: Permission;
  /**
   * When somebody asks, before anything is frozen: fills in what they left open. Throws for what
   * may not be asked for now, although it might still take effect later.
   */
  complete?(payload: Payload, now: Date): Payload;
  /** Reads the target. Throws NOT_FOUND for one that does not exist. */
  subject(
    t: Transaction,
    asked: { readonly target: Target; readonly payload: Payload },
    context: SubjectContext,
  ): Promise<TicketSubject>;
  readonly effect: TicketEffect<Target, Payload>;
}

/** A key as the machinery handles it: target and payload have passed their schemas. */
export type TicketKind = TicketKindOf<unknown, unknown>;
export type TicketKinds = ReadonlyMap<string, TicketKind>;

/** Declares a key; target and payload get their types from the schemas. */
export const ticketKind = <T extends TSchema, P extends TSchema>(
  kind: TicketKindOf<Static<T>, Static<P>> & { readonly target: T; readonly payload: P },
): TicketKind => kind;

export const kindsOf = (...kinds: readonly TicketKind[]): TicketKinds =>
  new Map(kinds.map((kind) => [kind.key, kind]));
