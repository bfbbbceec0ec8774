import Type from 'typebox';
import { DECISION_KINDS, TICKET_STATUSES } from '../../domain/tickets/ticket.ts';
import { ApprovalFlow, ApprovalNode } from '../../tickets/approval-flow-fields.ts';
import {
  Amount,
  Anything,
  Day,
  Instant,
  list,
  nullable,
  oneOf,
  prose,
  proseOrNone,
  shape,
  strict,
} from './fields.ts';

export const TicketStatusWord = oneOf(TICKET_STATUSES);
export const TicketId = Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' });
const NodeIndex = Type.Integer({ minimum: 0, maximum: 20 });

const Texts = shape({ en: Type.String(), 'zh-Hans': Type.String(), 'zh-Hant': Type.String() });

const TICKET = {
  ticketId: Type.String(),
  seq: Type.Integer(),
  key: Type.String(),
  name: Texts,
  targetType: Type.String(),
  targetId: Type.String(),
  target: nullable(Anything),
  targetVersion: Type.String(),
  ledgerDate: nullable(Day),
  flow: nullable(Type.String()),
  payload: nullable(Anything),
  payloadHash: Type.String({ description: 'SHA-256 of what is consented to.' }),
  before: nullable(Anything),
  after: nullable(Anything),
  amount: nullable(Amount),
  currency: nullable(Type.String()),
  level: Type.Integer({ description: 'How many nodes have to consent.' }),
  reason: Type.String(),
  maker: Type.String(),
  makerAccount: Type.String(),
  flowKey: Type.String({ description: 'The approval flow that it was opened with.' }),
  flowVersion: Type.Integer(),
  nodes: list(ApprovalNode),
  node: Type.Integer({ description: 'Index of the node that waits.' }),
  autoApproved: Type.Boolean(),
  status: TicketStatusWord,
  reminders: Type.Integer(),
  escalated: Type.Boolean(),
  revision: Type.Integer(),
  createdAt: Instant,
  nodeSince: Instant,
  expiresAt: Instant,
  finalAt: nullable(Instant),
  resultCode: nullable(Type.String()),
  result: nullable(Anything),
  stripped: Type.Boolean({
    description: 'What the ticket is about was left out, for want of a permission.',
  }),
};

export const TicketSchema = shape(TICKET);

const Decision = shape({
  decisionId: Type.Integer(),
  kind: oneOf(DECISION_KINDS),
  node: Type.Integer(),
  person: Type.String(),
  account: Type.String(),
  reason: Type.String(),
  byEscalation: Type.Boolean(),
  decidedAt: Instant,
  takenAt: nullable(Instant),
  counted: nullable(Type.Boolean()),
  ignoredBecause: nullable(Type.String()),
});

export const TicketWithDecisions = shape({
  ...TICKET,
  decisions: list(Decision),
  allowedDecisions: list(oneOf(DECISION_KINDS), { description: 'Of whoever asks.' }),
});

/** As for commands: what a second person reads before they consent. */
export const Reason = prose(500);

export const DecisionBody = strict({
  node: Type.Optional(NodeIndex),
  // Empty ones come as far as the rule, which says REASON_REQUIRED where one is needed.
  reason: Type.Optional(proseOrNone(500)),
});

export const TicketKeyView = shape({
  key: Type.String(),
  name: nullable(Texts),
  targetType: nullable(Type.String()),
  ask: nullable(Type.String({ description: 'The code that asking needs.' })),
  see: nullable(Type.String({ description: 'The code that seeing its content needs.' })),
  usesDefault: Type.Boolean(),
  version: nullable(Type.Integer()),
  definition: nullable(ApprovalFlow),
  changedBy: nullable(Type.String()),
  changedAt: nullable(Instant),
});
