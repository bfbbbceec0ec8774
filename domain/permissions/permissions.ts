/**
 * Every permission code that a route asks for. Codes with a prefix are the product's own; the
 * others are ours, where the product has none or only one that also means viewing. Codes are data:
 * roles bundle them, tokens name roles, and docs/permissions.md is generated from here.
 */
export const PERMISSIONS = {
  'lb_hk_clearing.clearing_busin_steps': 'See ledger dates, flows, steps, checks and commands.',
  'lb_hk_clearing.clearing_busin_step_exec': 'Run readiness, start, pause, run one step.',
  'lb_hk_clearing.contract_manage_edit': 'Enter and void back-office supplements.',
  'clearing.revoke_exec': 'Revoke a flow of the open ledger date.',
  'clearing.day_cut_exec': 'Roll the ledger date.',
  'clearing.order_channel_edit': 'Edit the order channel of an order before billing.',
  'clearing.front_office_write': 'Send orders, executions and master data of the front office.',
  'clearing.trade_file_write': 'Import counterparty trade files.',
  'clearing.ledger_query': 'See contracts, fees, journals, balances and positions.',
} as const satisfies Record<string, string>;

export type Permission = keyof typeof PERMISSIONS;

const VIEW = 'lb_hk_clearing.clearing_busin_steps' satisfies Permission;
const LEDGER = 'clearing.ledger_query' satisfies Permission;

/**
 * What each role may do. The operator role holds revoke and day cut as long as there are no
 * tickets: a second person's consent is not faked by splitting one click between two roles.
 */
export const ROLES = {
  operator: {
    description: 'Runs the end of day.',
    permissions: [
      VIEW,
      'lb_hk_clearing.clearing_busin_step_exec',
      'lb_hk_clearing.contract_manage_edit',
      'clearing.revoke_exec',
      'clearing.day_cut_exec',
      'clearing.order_channel_edit',
      'clearing.front_office_write',
      'clearing.trade_file_write',
      LEDGER,
    ],
  },
  approver: {
    description: 'Consents to what an operator asks for; may revoke and cut the day.',
    permissions: [VIEW, 'clearing.revoke_exec', 'clearing.day_cut_exec', LEDGER],
  },
  auditor: {
    description: 'Replays what happened, in the flows and in the books.',
    permissions: [VIEW, LEDGER],
  },
  viewer: { description: 'Watches the flows and the books.', permissions: [VIEW, LEDGER] },
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
