import Type from 'typebox';
import type { TicketFlow, TicketNode } from '../domain/tickets/ticket-flow.ts';
import { oneOf, strict } from './payload-fields.ts';

export const TicketKey = Type.String({
  pattern: '^[a-z0-9_]+(\\.[a-z0-9_]+){0,4}$',
  maxLength: 128,
});

const Amount = Type.String({
  pattern: String.raw`^-?\d+(\.\d+)?$`,
  description: 'An exact decimal.',
});
const Word = Type.String({ minLength: 1, maxLength: 64 });
const Words = Type.Array(Word, { maxItems: 20, uniqueItems: true });
const Minutes = Type.Number({ minimum: 0.01, maximum: 527_040 });

const Condition = strict({
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  minAmount: Type.Optional(Amount),
  maxAmount: Type.Optional(Amount),
});
const Timeout = strict({
  afterMinutes: Minutes,
  action: oneOf(['REMIND', 'ESCALATE', 'EXPIRE']),
  escalateToRoles: Type.Optional(Words),
});

export const ApprovalNode = Type.Unsafe<TicketNode>(
  strict({
    name: Word,
    mode: oneOf(['ANY_OF', 'ALL_OF']),
    roles: Words,
    people: Words,
    condition: Type.Optional(Condition),
    timeout: Type.Optional(Timeout),
  }),
);

/** 审批流程配置, as it is asked for. */
export const ApprovalFlow = Type.Unsafe<TicketFlow>(
  strict({
    nodes: Type.Array(ApprovalNode, {
      maxItems: 9,
      description: 'In the order in which they consent.',
    }),
    autoApprove: Type.Boolean({
      description: 'Consent is given by the system where no node holds.',
    }),
    expiresAfterMinutes: Minutes,
  }),
);
