import type { DeclaredRoute } from '../../api/plugins/auth.ts';
import {
  categoryOf,
  ERROR_CATALOGUE,
  httpStatusOf,
  isTransient,
  type ErrorCode,
} from '../../domain/errors/error-catalogue.ts';
import { DEMO_PEOPLE } from '../../domain/permissions/demo-people.ts';
import { PERMISSIONS, ROLES, type Permission } from '../../domain/permissions/permissions.ts';

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

/** docs/permissions.md: who may do what, by which route. */
export function permissionsPage(routes: readonly DeclaredRoute[]): string {
  const codes = Object.keys(PERMISSIONS) as Permission[];
  const roles = Object.entries(ROLES).map(([role, { description, permissions }]) => ({
    role,
    description,
    codes: new Set<Permission>(permissions),
  }));
  const people = Object.entries(DEMO_PEOPLE).map(([person, held]) => [person, held.join(', ')]);
  return `# Permissions

${NOTE('domain/permissions and the route table')}

A token names roles, a role bundles codes, and every route asks for one code. Without a token the
answer is 401, without the code 403, before anything of the request is read.

## Roles

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

## Demo people

Only an embedded installation has them; each is a name for \`POST /dev/token\`.

${table(['person', 'roles'], people)}
`;
}
