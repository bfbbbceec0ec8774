/**
 * Every permission code. Codes with a prefix are the product's own; the others are ours, where the
 * product has none or only one that also means viewing. Codes are data: PostgreSQL holds them as
 * rows that are seeded from here, and docs/permissions.md is generated from here.
 */
export const PERMISSIONS = {
  'lb_hk_clearing.clearing_busin_steps': 'See ledger dates, flows, steps, checks and commands.',
  'lb_hk_clearing.clearing_busin_step_exec': 'Run readiness, start, pause, run one step.',
  'lb_hk_clearing.clearing_busin_step_edit': 'Edit facts of instruments before billing.',
  'lb_hk_clearing.contract_manage_edit':
    'Enter and void back-office supplements; edit fees of contracts before posting.',
  'lb_hk_clearing.contract_revise': 'Ask for the amendment of a contract, and take it back.',
  'clearing.revoke_exec': 'Ask for the revoke of a flow of the open ledger date.',
  'clearing.day_cut_exec': 'Roll the ledger date.',
  'clearing.settings_operation': 'Ask for another value of a setting.',
  'clearing.order_channel_edit': 'Edit the order channel of an order before billing.',
  'clearing.front_office_write': 'Send orders, executions and master data of the front office.',
  'clearing.trade_file_write': 'Import counterparty trade files.',
  'clearing.ledger_query': 'See contracts, fees, journals, balances and positions.',
  'billing.fee_rule_operation': 'Ask for a new version of a fee rule.',
  'billing.agent_fee_query': 'See what custodians and upstream brokers charge the house.',
  'lb_hk_charging.lb_hk_scene_update': 'Ask for a new version of an agent fee.',
  'billing.fee_simulation_exec': 'Ask what orders would cost.',
  'lb_hk_charging.lb_hk_fee_level_query': 'See which fees apply to an account.',
  'lb_hk_charging.combination_rule_manage': 'Ask for a new version of a merge rule, or its end.',
  'lb_hk_charging.combination_rule_in_query': 'See the merge rules.',
  'lb_hk_charging.lb_hk_scene_query': 'See fee scenarios.',
  'lb_hk_charging.lb_hk_billingpackage_query': 'See packages and the accounts that have them.',
  'lb_hk_charging.lb_hk_billing_org_package_ref_list': 'See the default packages of new accounts.',
  'ticket.ticket_query': 'See tickets, their decisions and the approval flows.',
  'ticket.ticket_operation': 'Ask for consent, and decide where an approval flow says so.',
  'ticket.close_operation': 'Close a ticket that nobody will decide.',
  'ticket.flow_operation': 'Configure who has to consent.',
  'audit.log_query': 'See the audit log and export its roots. Reading it stands in it.',
  'audit.run_query': 'See archived runs of workflows and what happened in them.',
  'audit.replay_exec': 'Replay archived runs with the code of their release.',
  'audit.evidence_export': 'Export signed evidence for a ledger entry.',
  'admin.people_query': 'See people, their sign-in accounts and roles.',
  'admin.people_operation': 'Register people, and say that they have left.',
  // Later modules ask for the rest. They are data already, so that roles can be planned with them.
  'credit_limit.client_group_query': 'See client groups.',
  'credit_limit.client_group_operation': 'Change client groups.',
  'account.trade_permission': 'See the trade permissions of an account.',
  'account.update_trade_permission': 'Change the trade permissions of an account.',
  'customer.pi_app_record': 'See applications as professional investor.',
  'kyc.risk_assessment_query': 'See risk assessments of clients.',
} as const satisfies Record<string, string>;

export type Permission = keyof typeof PERMISSIONS;

const VIEW = 'lb_hk_clearing.clearing_busin_steps' satisfies Permission;
const LEDGER = 'clearing.ledger_query' satisfies Permission;
const FEE_QUESTIONS = [
  'billing.fee_simulation_exec',
  'lb_hk_charging.lb_hk_fee_level_query',
  'lb_hk_charging.combination_rule_in_query',
  'lb_hk_charging.lb_hk_scene_query',
  'lb_hk_charging.lb_hk_billingpackage_query',
  'lb_hk_charging.lb_hk_billing_org_package_ref_list',
] as const satisfies readonly Permission[];
const AGENT_FEES = 'billing.agent_fee_query' satisfies Permission;
const TICKETS = 'ticket.ticket_query' satisfies Permission;
const TICKET_WORK = 'ticket.ticket_operation' satisfies Permission;

/**
 * What each role may do. Operators and approvers both hold the day cut, which no ticket asks for: a
 * second person's consent is not faked by splitting one click between two roles.
 */
export const ROLES = {
  operator: {
    description: 'Runs the end of day.',
    permissions: [
      VIEW,
      'lb_hk_clearing.clearing_busin_step_exec',
      'lb_hk_clearing.clearing_busin_step_edit',
      'lb_hk_clearing.contract_manage_edit',
      'lb_hk_clearing.contract_revise',
      'clearing.revoke_exec',
      'clearing.day_cut_exec',
      'clearing.order_channel_edit',
      'clearing.front_office_write',
      'clearing.trade_file_write',
      'billing.fee_rule_operation',
      'lb_hk_charging.lb_hk_scene_update',
      AGENT_FEES,
      'lb_hk_charging.combination_rule_manage',
      LEDGER,
      ...FEE_QUESTIONS,
      TICKETS,
      TICKET_WORK,
    ],
  },
  approver: {
    description: 'Consents to what others ask for; may ask for a revoke and cut the day.',
    permissions: [
      VIEW,
      'clearing.revoke_exec',
      'clearing.day_cut_exec',
      AGENT_FEES,
      LEDGER,
      ...FEE_QUESTIONS,
      TICKETS,
      TICKET_WORK,
      'admin.people_query',
    ],
  },
  auditor: {
    description: 'Replays what happened, in the flows and in the books.',
    permissions: [
      VIEW,
      AGENT_FEES,
      LEDGER,
      ...FEE_QUESTIONS,
      TICKETS,
      'audit.log_query',
      'audit.run_query',
      'audit.replay_exec',
      'audit.evidence_export',
      'admin.people_query',
    ],
  },
  viewer: {
    description: 'Watches the flows and the books.',
    permissions: [VIEW, LEDGER, ...FEE_QUESTIONS, TICKETS],
  },
  admin: {
    description: 'Looks after people and settings. Sees the flows, not the books.',
    permissions: [
      VIEW,
      TICKETS,
      TICKET_WORK,
      'clearing.settings_operation',
      'ticket.close_operation',
      'ticket.flow_operation',
      'admin.people_query',
      'admin.people_operation',
    ],
  },
} as const satisfies Record<
  string,
  { readonly description: string; readonly permissions: readonly Permission[] }
>;

export type Role = keyof typeof ROLES;

/** The codes that the named roles hold together; a role that nobody defined grants nothing. */
export function permissionsOf(roles: readonly string[]): ReadonlySet<Permission> {
  const held = roles.filter((role): role is Role => Object.hasOwn(ROLES, role));
  return new Set(held.flatMap((role): readonly Permission[] => ROLES[role].permissions));
}
