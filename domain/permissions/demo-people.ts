import type { Role } from './permissions.ts';

/** Who is there in an embedded installation: people of each role, two where two are needed. */
export const DEMO_PEOPLE = {
  operator: ['operator'],
  operator2: ['operator'],
  approver: ['approver'],
  approver2: ['approver'],
  auditor: ['auditor'],
  viewer: ['viewer'],
  admin: ['admin'],
} as const satisfies Record<string, readonly Role[]>;

export type DemoPerson = keyof typeof DEMO_PEOPLE;
const DEMO_PERSON_IDS = Object.keys(DEMO_PEOPLE) as DemoPerson[];

/** Reads like an approver's and is the operator's: persons are compared, not accounts. */
const SECOND_ACCOUNT = 'operator.approver';

export type DemoAccount = DemoPerson | typeof SECOND_ACCOUNT;

/** Sign-in account → whose it is. */
export const DEMO_ACCOUNTS = {
  ...(Object.fromEntries(DEMO_PERSON_IDS.map((person) => [person, person])) as Readonly<
    Record<DemoPerson, DemoPerson>
  >),
  [SECOND_ACCOUNT]: 'operator',
} as const satisfies Record<DemoAccount, DemoPerson>;

export const DEMO_ACCOUNT_NAMES = Object.keys(DEMO_ACCOUNTS) as DemoAccount[];
