import type { DeclaredRoute } from '../../api/plugins/auth.ts';
import {
  categoryOf,
  ERROR_CATALOGUE,
  httpStatusOf,
  isTransient,
  type ErrorCode,
} from '../../domain/errors/error-catalogue.ts';
import {
  DEMO_ACCOUNT_NAMES,
  DEMO_ACCOUNTS,
  DEMO_PEOPLE,
} from '../../domain/permissions/demo-people.ts';
import {
  PERMISSIONS,
  permissionsOf,
  ROLES,
  type Permission,
  type Role,
} from '../../domain/permissions/permissions.ts';
import { TICKET_KINDS } from '../../tickets/index.ts';

const NOTE = (source: string): string =>
  `<!-- Made by scripts/docs-tables.ts from ${source}; a test compares. -->`;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...body.map(row)].join('\n');
}

/** docs/errors.md: every code with its status and texts. */
export function errorsPage(): string {
  const codes = Object.keys(ERROR_CATALOGUE).sort() as ErrorCode[];
  const body = codes.map((code) => {
    const { en, zhHans, zhHant } = ERROR_CATALOGUE[code];
    const retry = isTransient(code) ? 'yes' : 'no';
    return [`\`${code}\``, String(httpStatusOf(code)), categoryOf(code), retry, en, zhHans, zhHant];
  });
  const head = ['code', 'HTTP', 'category', 'retry helps', 'English', '简体中文', '繁體中文'];
  return `# Errors

${NOTE('domain/errors/error-catalogue.ts')}

Every refusal is a problem body (RFC 9457) with one of these codes; \`details\` names the values
that broke the rule. A code means the same in the API, in a step's failure and in the command log, and a
retired code is never used again.

${table(head, body)}
`;
}

const routesOf = (routes: readonly DeclaredRoute[], access: DeclaredRoute['access']): string =>
  routes
    .filter((route) => route.access === access && route.url.startsWith('/api/v1/'))
    .map(({ method, url }) => `\`${method} ${url.replace('/api/v1', '')}\``)
    .sort()
    .join('<br>');

/** Route by route, which roles may call it. A test asks the server and compares. */
function matrixOf(routes: readonly DeclaredRoute[]): string {
  const roles = Object.keys(ROLES) as Role[];
  const guarded = routes.filter(({ access }) => access !== 'public');
  const lines = guarded.map(({ method, url, access }) => [
    `\`${method} ${url.replace('/api/v1', '')}\``,
    ...roles.map((role) =>
      access === 'signed in' || permissionsOf([role]).has(access as Permission) ? 'yes' : '',
    ),
  ]);
  const byPath = ([route = '']: readonly string[]) => route.split(' ').toReversed().join(' ');
  return table(
    ['route', ...roles],
    lines.sort((a, b) => (byPath(a) < byPath(b) ? -1 : 1)),
  );
}

/** docs/permissions.md: who may do what, by which route. */
export function permissionsPage(routes: readonly DeclaredRoute[]): string {
  const codes = Object.keys(PERMISSIONS) as Permission[];
  const roles = Object.entries(ROLES).map(([role, { description, permissions }]) => ({
    role,
    description,
    codes: new Set<Permission>(permissions),
  }));
  const people = DEMO_ACCOUNT_NAMES.map((account) => [
    account,
    DEMO_ACCOUNTS[account],
    DEMO_PEOPLE[DEMO_ACCOUNTS[account]].join(', '),
  ]);
  return `# Permissions

${NOTE('domain/permissions, the route table and the ticket keys')}

A token proves a sign-in account, the account belongs to a person, the person holds roles, a role
bundles codes, and every route asks for one code, for a sign-in only, or is public. Roles come from
PostgreSQL at each request, so a role that is lost counts at once. Without a token the answer is
401, without the code 403, before a body is read. An account that nobody registered is 403
\`SIGN_IN_UNKNOWN\`, a person who has left 403 \`PERSON_LEFT\`.

What a person may not see is stripped by the server (\`stripped: true\`): without
\`clearing.ledger_query\` a flow shows no totals and no values of its failures, also in its event
stream; without the code of its key a ticket shows neither payload nor what would change. A stream
ends within seconds once the person has left, or has other rights to it than when it began.

## Roles

Codes that no role holds are kept for later modules; they are data already.

${table(
  ['code', 'allows', ...roles.map(({ role }) => role)],
  codes.map((code) => [
    `\`${code}\``,
    PERMISSIONS[code],
    ...roles.map(({ codes: held }) => (held.has(code) ? 'yes' : '')),
  ]),
)}

${roles.map(({ role, description }) => `- ${role}: ${description}`).join('\n')}

## Routes

${table(
  ['access', 'routes'],
  [...codes, 'signed in' as const, 'public' as const].map((access) => [
    `\`${access}\``,
    routesOf(routes, access),
  ]),
)}

## Tickets

Asking for consent by \`POST /tickets\` needs the code of the [ticket key](ticket-keys.md) as well.
Who consents says an approval flow, and they need \`ticket.ticket_operation\` and the code that
seeing needs.

${table(
  ['key', 'asking needs', 'seeing what it is about needs'],
  [...TICKET_KINDS.values()].map(({ key, ask, see }) => [`\`${key}\``, `\`${ask}\``, `\`${see}\``]),
)}

## Demo people

Only an embedded installation has them; each account is a name for \`POST /dev/token\`.

${table(['account', 'person', 'roles'], people)}

## Matrix

${matrixOf(routes)}
`;
}
