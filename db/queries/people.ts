import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface PersonView {
  readonly personId: string;
  readonly name: string;
  readonly active: boolean;
  /** Counts changes of the roles. */
  readonly version: number;
  readonly roles: readonly string[];
  readonly accounts: readonly string[];
}

const SELECT = `SELECT p.person_id AS "personId", p.name, p.active, p.version,
  ARRAY(SELECT r.role FROM person_roles r WHERE r.person_id = p.person_id ORDER BY 1) AS roles,
  ARRAY(SELECT a.account FROM sign_in_accounts a WHERE a.person_id = p.person_id ORDER BY 1)
    AS accounts
  FROM people p`;

/** Everybody who is registered, those who have left included. */
export const readPeople = (reader: Reader, request: PageRequest): Promise<Page<PersonView>> =>
  readPage<PersonView>(
    reader,
    {
      list: 'people',
      select: SELECT,
      conditions: new Conditions(),
      key: [['p.person_id', 'text']],
      keyOf: (row) => [row.personId],
    },
    request,
  );

/** Throws NOT_FOUND. */
export async function readPerson(reader: Reader, personId: string): Promise<PersonView> {
  const [row] = await rows<PersonView>(reader, `${SELECT} WHERE p.person_id = $1`, [personId]);
  if (!row) throw new ClearingError('NOT_FOUND', { personId });
  return row;
}

export interface RoleView {
  readonly role: string;
  readonly description: string;
  readonly permissions: readonly string[];
}

export const readRoles = (reader: Reader): Promise<RoleView[]> =>
  rows<RoleView>(
    reader,
    `SELECT r.role, r.description, ARRAY(SELECT c.code FROM role_permissions c
       WHERE c.role = r.role ORDER BY 1) AS permissions FROM roles r ORDER BY r.role`,
  );
