import { Decimal } from '../money/decimal.ts';

/** ANY_OF: one of its approvers is enough. ALL_OF: each named person, and one for each role. */
export type NodeMode = 'ANY_OF' | 'ALL_OF';

/** Holds for tickets whose amount, in this currency, is at least and at most this. */
export interface NodeCondition {
  readonly currency: string;
  readonly minAmount?: string | undefined;
  readonly maxAmount?: string | undefined;
}

/** What happens when a node has waited for its time: again a reminder, more approvers, or the end. */
export interface NodeTimeout {
  readonly afterMinutes: number;
  readonly action: 'REMIND' | 'ESCALATE' | 'EXPIRE';
  /** With ESCALATE: who may decide as well from then on. */
  readonly escalateToRoles?: readonly string[] | undefined;
}

/** 审批节点. Approvers are named by role or as persons; the maker never counts. */
export interface TicketNode {
  readonly name: string;
  readonly mode: NodeMode;
  readonly roles: readonly string[];
  readonly people: readonly string[];
  readonly condition?: NodeCondition | undefined;
  readonly timeout?: NodeTimeout | undefined;
}

/** 审批流程配置: ordered nodes. Approved by itself only where `autoApprove` says so. */
export interface TicketFlow {
  readonly nodes: readonly TicketNode[];
  readonly autoApprove: boolean;
  /** After this the ticket is EXPIRED whatever node it is at. */
  readonly expiresAfterMinutes: number;
}

/** The flow of every key that has none of its own. */
export const DEFAULT_FLOW_KEY = 'default';

/** What a ticket is worth; a node may ask for it. */
export interface TicketAmount {
  readonly amount: string;
  readonly currency: string;
}

/** The nodes that a ticket has to pass: those without a condition, and those whose one holds. */
export const chosenNodes = (
  { nodes }: TicketFlow,
  worth: TicketAmount | undefined,
): readonly TicketNode[] =>
  nodes.filter(({ condition }) => condition === undefined || holds(condition, worth));

/** A condition says something of one currency; a ticket of another, or of none, does not meet it. */
function holds(condition: NodeCondition, worth: TicketAmount | undefined): boolean {
  if (worth?.currency !== condition.currency) return false;
  const amount = new Decimal(worth.amount).abs();
  const { minAmount, maxAmount } = condition;
  return (
    (minAmount === undefined || amount.gte(minAmount)) &&
    (maxAmount === undefined || amount.lte(maxAmount))
  );
}

/** One thing that is wrong with a flow, and where. */
export interface FlowProblem {
  readonly field: string;
  readonly message: string;
}

export interface KnownApprovers {
  readonly roles: ReadonlySet<string>;
  /** Living persons. */
  readonly people: ReadonlySet<string>;
}

/**
 * Everything that is wrong with a flow before it may be used. A flow without nodes is allowed: it
 * says that nobody can ask, or, with `autoApprove`, that nobody has to consent.
 */
export const flowProblems = (flow: TicketFlow, known: KnownApprovers): FlowProblem[] => [
  ...flow.nodes.flatMap((node, at) => nodeProblems(node, `/nodes/${at}`, known)),
  ...doubleNames(flow),
  ...(flow.autoApprove && flow.nodes.some(({ condition }) => condition === undefined)
    ? [{ field: '/autoApprove', message: 'contradicts a node without a condition' }]
    : []),
];

function doubleNames({ nodes }: TicketFlow): FlowProblem[] {
  const names = nodes.map(({ name }) => name);
  return names.flatMap((name, at) =>
    names.indexOf(name) < at ? [{ field: `/nodes/${at}/name`, message: 'is used twice' }] : [],
  );
}

function nodeProblems(node: TicketNode, at: string, known: KnownApprovers): FlowProblem[] {
  const unknownRoles = node.roles.filter((role) => !known.roles.has(role));
  const unknownPeople = node.people.filter((person) => !known.people.has(person));
  return [
    ...(node.roles.length + node.people.length === 0
      ? [{ field: at, message: 'names no role and no person' }]
      : []),
    ...unknownRoles.map((role) => ({ field: `${at}/roles`, message: `${role} is no role` })),
    ...unknownPeople.map((who) => ({ field: `${at}/people`, message: `${who} is nobody here` })),
    ...conditionProblems(node.condition, `${at}/condition`),
    ...timeoutProblems(node.timeout, `${at}/timeout`, known),
  ];
}

function conditionProblems(condition: NodeCondition | undefined, field: string): FlowProblem[] {
  if (condition === undefined) return [];
  const { minAmount, maxAmount } = condition;
  if (minAmount === undefined && maxAmount === undefined) {
    return [{ field, message: 'needs minAmount or maxAmount' }];
  }
  return minAmount !== undefined && maxAmount !== undefined && new Decimal(minAmount).gt(maxAmount)
    ? [{ field, message: 'minAmount is above maxAmount' }]
    : [];
}

function timeoutProblems(
  timeout: NodeTimeout | undefined,
  field: string,
  known: KnownApprovers,
): FlowProblem[] {
  const roles = timeout?.escalateToRoles ?? [];
  if (timeout?.action !== 'ESCALATE') {
    return roles.length > 0 ? [{ field, message: 'escalateToRoles goes with ESCALATE' }] : [];
  }
  if (roles.length === 0) return [{ field, message: 'ESCALATE needs escalateToRoles' }];
  return roles
    .filter((role) => !known.roles.has(role))
    .map((role) => ({ field: `${field}/escalateToRoles`, message: `${role} is no role` }));
}
