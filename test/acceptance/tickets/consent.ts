import { randomUUID } from 'node:crypto';
import { poll } from '../../../scripts/embedded/processes.ts';
import type { Answer, Api } from '../support/api.ts';
import type { Problem } from '../support/views.ts';

/** What the scenarios read of a ticket. */
export interface TicketView {
  readonly ticketId: string;
  readonly key: string;
  readonly status: string;
  readonly resultCode: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** Under which key consent is asked, for what. */
export interface Asked {
  readonly key: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly payload?: Readonly<Record<string, unknown>>;
}

const TICKET_MS = 60_000;
const OPEN = ['PENDING', 'APPROVED', 'EXECUTING'];

/** The answer as it came. */
export const ask = (
  maker: Api,
  { key, target, payload = {} }: Asked,
  idempotencyKey: string = randomUUID(),
): Promise<Answer<TicketView & Problem>> =>
  maker.ask('POST', '/tickets', {
    body: { key, target, payload, reason: 'a scenario' },
    key: idempotencyKey,
  });

export async function mustAsk(maker: Api, asked: Asked): Promise<TicketView> {
  const { status, body } = await ask(maker, asked);
  if (status !== 201) throw new Error(`${asked.key}: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** The answer as it came. */
export const decide = (
  person: Api,
  ticketId: string,
  decision: 'approve' | 'reject',
): Promise<Answer<TicketView & Problem>> =>
  person.ask('POST', `/tickets/${ticketId}/${decision}`, {
    body: { reason: 'a scenario' },
    key: randomUUID(),
  });

/** Until the ticket is final. */
export const ended = (api: Api, ticketId: string): Promise<TicketView> =>
  poll(`the end of ticket ${ticketId}`, TICKET_MS, async () => {
    const ticket = await api.get<TicketView>(`/tickets/${ticketId}`);
    return OPEN.includes(ticket.status) ? undefined : ticket;
  });

/** Asked by one person, approved by another, and carried out. */
export async function granted(maker: Api, checker: Api, asked: Asked): Promise<TicketView> {
  const { ticketId } = await mustAsk(maker, asked);
  const { status, body } = await decide(checker, ticketId, 'approve');
  if (status !== 200 && status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`);
  const ticket = await ended(maker, ticketId);
  if (ticket.status !== 'SUCCEEDED') throw new Error(JSON.stringify(ticket));
  return ticket;
}
