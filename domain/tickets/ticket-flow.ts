/** How often a node asks: any one of its approvers is enough, or all of its persons must consent. */
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
