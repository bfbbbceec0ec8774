import type { Role } from './permissions.ts';

/** Who can sign in to an embedded installation: one person for each role, and a second operator. */
export const DEMO_PEOPLE = {
  operator: ['operator'],
  operator2: ['operator'],
  approver: ['approver'],
  auditor: ['auditor'],
  viewer: ['viewer'],
} as const satisfies Record<string, readonly Role[]>;

export type DemoPerson = keyof typeof DEMO_PEOPLE;
