/** Ledger accounts below this id belong to the house, the others to clients. */
export const FIRST_CLIENT_ACCOUNT = 1_000_000;

/** The code of the house account that a fee code is booked to. */
export const feeAccountCode = (feeCode: string): string => `FEE:${feeCode}`;
