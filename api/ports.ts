import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { CommandKind } from '../domain/clearing/commands.ts';
import type { ErrorCode } from '../domain/errors/error-catalogue.ts';

/** What an operator asks of a flow (or, for dayCut, of the ledger day). */
export interface CommandRequest {
  readonly commandId: string;
  readonly kind: CommandKind;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly person: string;
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

/** The one way in which the API makes anything happen in a workflow. */
export interface CommandService {
  submit(request: CommandRequest): Promise<CommandAnswer>;
}

/** Whether the engine answers; used by health only. */
export interface EngineProbe {
  isTemporalUp(): Promise<boolean>;
}
