import type { DemoAccount } from '../../../domain/permissions/demo-people.ts';
import type { Answer, Ticket, TicketDesk } from './ticket-desk.ts';

/** What somebody asks consent for, under a key of this release. */
export interface Asked {
  readonly key: string;
  readonly target: object;
  readonly payload?: object;
  /** The operator unless said. */
  readonly by?: DemoAccount;
}

export const askFor = (
  desk: TicketDesk,
  { key, target, payload = {}, by = 'operator' }: Asked,
): Promise<Answer> => desk.send(by, 'POST', '/tickets', { key, target, payload, reason: 'a test' });

/** Asked, and approved by somebody else; the ticket as it ends. */
export async function granted(desk: TicketDesk, asked: Asked): Promise<Ticket> {
  const opened = await askFor(desk, asked);
  if (opened.status !== 201) throw new Error(JSON.stringify(opened.body));
  const decided = await desk.decide('approver', opened.body.ticketId, 'approve');
  if (decided.status !== 200) throw new Error(JSON.stringify(decided.body));
  return decided.body;
}
