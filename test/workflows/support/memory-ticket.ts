import type { DecisionKind, TicketProgress, TicketStatus } from '../../../domain/tickets/ticket.ts';

const DECIDED: Readonly<Record<Exclude<DecisionKind, 'approve'>, TicketStatus>> = {
  reject: 'REJECTED',
  withdraw: 'WITHDRAWN',
  close: 'CLOSED',
};

/**
 * What a ticket's workflow asks of PostgreSQL, in memory: it takes what was decided, and lets time
 * remind and expire. The real machine and its rows are tested elsewhere.
 */
export class MemoryTicket {
  readonly ticketId: string;
  private readonly nodes: number;
  private readonly wakesIn: number | undefined;
  private readonly reminders: number;
  private readonly end: TicketStatus;
  private readonly waiting: DecisionKind[] = [];
  private status: TicketStatus = 'PENDING';
  private node = 0;
  private reminded = 0;

  constructor(
    ticketId: string,
    options: {
      readonly nodes?: number;
      /** Milliseconds; it expires after so many reminders. */
      readonly wakesIn?: number;
      readonly reminders?: number;
      /** What becomes of the effect. */
      readonly end?: TicketStatus;
    } = {},
  ) {
    this.ticketId = ticketId;
    this.nodes = options.nodes ?? 1;
    this.wakesIn = options.wakesIn;
    this.reminders = options.reminders ?? 0;
    this.end = options.end ?? 'SUCCEEDED';
  }

  get progress(): TicketProgress {
    return {
      ticketId: this.ticketId,
      ticketKey: 'test.note.exec',
      targetId: `note ${this.ticketId}`,
      status: this.status,
      node: this.node,
      wakesAt: this.wakesAt,
      resultCode: this.status === 'STALE' ? 'TARGET_CHANGED' : null,
    };
  }

  private get wakesAt(): string | null {
    return this.status === 'PENDING' && this.wakesIn !== undefined
      ? new Date(Date.now() + this.wakesIn).toISOString()
      : null;
  }

  decide(kind: DecisionKind): void {
    this.waiting.push(kind);
  }

  advance(): TicketProgress {
    if (this.status !== 'PENDING') return this.progress;
    if (this.waiting.length === 0 && this.wakesIn !== undefined) {
      this.reminded += 1;
      if (this.reminded > this.reminders) this.status = 'EXPIRED';
    }
    for (let kind = this.waiting.shift(); kind; kind = this.waiting.shift()) {
      if (this.status !== 'PENDING') continue;
      if (kind !== 'approve') this.status = DECIDED[kind];
      else {
        this.node += 1;
        if (this.node === this.nodes) this.status = 'APPROVED';
      }
    }
    return this.progress;
  }

  execute(): TicketProgress {
    this.status = this.end;
    return this.progress;
  }
}
