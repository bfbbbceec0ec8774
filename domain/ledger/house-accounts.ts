/** Ledger accounts below this id belong to the house, the others to clients. */
export const FIRST_CLIENT_ACCOUNT = 1_000_000;

/** What a house account is: the street side, fees, what agents cost and are owed, and the rest. */
export const HOUSE_ACCOUNT_KINDS = [
  ...(['STREET', 'FEE', 'AGENT_EXPENSE', 'AGENT_PAYABLE', 'SUSPENSE', 'OPENING'] as const),
] as const;
export type HouseAccountKind = (typeof HOUSE_ACCOUNT_KINDS)[number];

/** The code of the house account that a fee code is booked to. */
export const feeAccountCode = (feeCode: string): string => `FEE:${feeCode}`;

/** The house's expense for a fee code that agents (代理商) charge. */
export const agentExpenseCode = (feeCode: string): string => `AGENT_EXPENSE:${feeCode}`;

/** What is owed to the custodian of a street account, by that account's code. */
export const agentPayableCode = (streetCode: string): string =>
  streetCode.replace(/^STREET:/, 'AGENT_PAYABLE:');
