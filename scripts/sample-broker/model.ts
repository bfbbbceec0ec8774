import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { AccountKind, AccountStatus, OrderChannel, Side } from '../../domain/trades/trade.ts';
export type { SampleInstrument } from './instruments.ts';
import type { SampleInstrument } from './instruments.ts';
import type { Session } from './sessions.ts';

export interface SampleOptions {
  readonly seed: number;
  readonly accounts: number;
  /** Orders of a ledger date on which both markets have an ordinary session. */
  readonly ordersPerDay: number;
  /** Multiplies the orders. */
  readonly scale: number;
}

export interface SampleAccount {
  readonly accountNo: string;
  readonly kind: AccountKind;
  readonly status: AccountStatus;
  readonly openedOn: BusinessDate;
  readonly closedOn: BusinessDate | null;
  /** Which tariff it pays; null has none and cannot be billed. */
  readonly tariff: 'retail' | 'vip' | null;
}

/** One version of an execution; quantities are whole, prices in the market's smallest digit. */
export interface SampleExecution {
  readonly executionId: string;
  readonly version: number;
  readonly quantity: number;
  readonly price: number;
  readonly cancelled: boolean;
  readonly executedAt: number;
  readonly recordedAt: number;
  readonly supersededAt: number | null;
}

/** An order with all that became of it; it carries every version of its executions. */
export interface SampleOrder {
  readonly orderId: string;
  readonly account: number;
  readonly instrument: SampleInstrument;
  readonly side: Side;
  readonly orderChannel: OrderChannel;
  readonly settlementChannel: string;
  readonly quantity: number;
  readonly recordedAt: number;
  /** When the order was withdrawn as a whole: its second version. */
  readonly cancelledAt: number | null;
  readonly executions: readonly SampleExecution[];
}

export interface SampleSession {
  readonly session: Session;
  readonly orders: readonly SampleOrder[];
}

/** What an account owned before the opening contracts: whole shares and cents. */
export interface SampleHolding {
  readonly account: number;
  /** An instrument id or a currency. */
  readonly asset: string;
  readonly amount: number;
  /** The part that is held back; the account is frozen. */
  readonly frozen: number;
}

export interface SampleBroker {
  readonly accounts: readonly SampleAccount[];
  readonly instruments: readonly SampleInstrument[];
  readonly openingSessions: readonly SampleSession[];
  readonly sessions: readonly SampleSession[];
  readonly holdings: readonly SampleHolding[];
  /** Executions that a counterparty left out of its first file. */
  readonly missingFromFiles: ReadonlySet<string>;
}

/** The versions that count once the day is over. */
export const finalExecutions = (order: SampleOrder): SampleExecution[] =>
  order.executions.filter(({ cancelled, supersededAt }) => supersededAt === null && !cancelled);
