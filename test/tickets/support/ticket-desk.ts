import { randomUUID } from 'node:crypto';
import type { DemoAccount } from '../../../domain/permissions/demo-people.ts';
import type { TicketFlow, TicketNode } from '../../../domain/tickets/ticket-flow.ts';
import type { ApiUnderTest } from '../../api/support.ts';
import { APPROVAL_FLOW_KEY } from '../../../tickets/approval-flow.ts';
import { NOTE_KEY } from './note-kind.ts';

export interface Ticket {
  readonly ticketId: string;
  readonly status: string;
  readonly node: number;
  readonly level: number;
  readonly maker: string;
  readonly makerAccount: string;
  readonly autoApproved: boolean;
  readonly flowKey: string;
  readonly flowVersion: number;
  readonly payload: unknown;
  readonly before: unknown;
  readonly after: unknown;
  readonly stripped: boolean;
  readonly resultCode: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly allowedDecisions: readonly string[];
  readonly decisions: readonly {
    readonly kind: string;
    readonly node: number;
    readonly person: string;
    readonly account: string;
    readonly counted: boolean | null;
    readonly ignoredBecause: string | null;
    readonly byEscalation: boolean;
  }[];
}

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: Ticket & {
    readonly code?: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly headers: Readonly<Record<string, unknown>>;
}

export type DecisionWord = 'approve' | 'reject' | 'withdraw' | 'close';

/** People at the ticket routes of an API under test. */
export class TicketDesk {
  readonly api: ApiUnderTest;

  constructor(api: ApiUnderTest) {
    this.api = api;
  }

  async send(
    who: DemoAccount,
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: object,
    key: string = randomUUID(),
  ): Promise<Answer> {
    const answer = await this.api.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...(await this.api.as(who)), 'idempotency-key': key },
      ...(body ? { payload: body } : {}),
    });
    const parsed = answer.json<Answer['body']>();
    return {
      status: answer.statusCode,
      code: parsed.code,
      body: parsed,
      headers: answer.headers,
    };
  }

  ask(
    who: DemoAccount,
    noteId: string,
    payload: Readonly<Record<string, unknown>> = { text: 'as asked' },
    key?: string,
  ): Promise<Answer> {
    const body = { key: NOTE_KEY, target: { noteId }, payload, reason: 'a test' };
    return this.send(who, 'POST', '/tickets', body, key);
  }

  /** The id of a ticket that must be opened. */
  async mustAsk(...asked: Parameters<TicketDesk['ask']>): Promise<string> {
    const answer = await this.ask(...asked);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer));
    return answer.body.ticketId;
  }

  decide(
    who: DemoAccount,
    ticketId: string,
    kind: DecisionWord,
    body: { readonly reason?: string; readonly node?: number } = {},
    key?: string,
  ): Promise<Answer> {
    const reason = kind === 'reject' || kind === 'close' ? { reason: 'because' } : {};
    return this.send(who, 'POST', `/tickets/${ticketId}/${kind}`, { ...reason, ...body }, key);
  }

  async read(ticketId: string, who: DemoAccount = 'auditor'): Promise<Ticket> {
    return (await this.send(who, 'GET', `/tickets/${ticketId}`)).body;
  }

  /** Puts an approval flow in force, by the consent that this needs; throws when it is refused. */
  async flow(nodes: readonly TicketNode[], more: Partial<TicketFlow> = {}): Promise<void> {
    const payload = { nodes, autoApprove: false, expiresAfterMinutes: 60, ...more };
    const answer = await this.askForFlow(payload);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    const { body } = await this.decide('approver', answer.body.ticketId, 'approve');
    if (body.status !== 'SUCCEEDED') throw new Error(JSON.stringify(body));
  }

  askForFlow(payload: object, key = NOTE_KEY): Promise<Answer> {
    const asked = { key: APPROVAL_FLOW_KEY, target: { key }, payload, reason: 'a test' };
    return this.send('admin', 'POST', '/tickets', asked);
  }
}

export const node = (name: string, more: Partial<TicketNode> = {}): TicketNode => ({
  name,
  mode: 'ANY_OF',
  roles: ['approver'],
  people: [],
  ...more,
});
