import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORDER_COLUMNS } from '../../domain/front-office/csv-columns.ts';
import type { DemoPerson } from '../../domain/permissions/demo-people.ts';
import { poll } from '../../scripts/embedded/processes.ts';
import { startSystem, type System } from '../support/system.ts';
import { freshDatabase } from '../support/database.ts';
import { signIn } from './support/api.ts';
import { MON_2025_12_22 } from './support/tiny-system.ts';
import type { Problem } from './support/views.ts';

const DATE = `/ledger-dates/${MON_2025_12_22}`;
const HK = `${DATE}/flows/HK`;

const REVOKE_AND_CUT = [
  ['POST', `${HK}/revoke`],
  ['POST', `${DATE}/day-cut`],
] as const;

const OPERATORS_ONLY = [
  ['POST', `${HK}/readiness`],
  ['POST', `${HK}/start`],
  ['POST', `${HK}/pause`],
  ['POST', `${HK}/steps/sync/run`],
  ['POST', '/orders/O1/channel'],
  ['POST', '/supplements'],
  ['DELETE', '/supplements/1'],
  ['POST', '/front-office/orders'],
  ['POST', '/front-office/executions'],
  ['POST', '/front-office/accounts'],
  ['POST', '/front-office/instruments'],
  ['POST', '/front-office/imports/orders'],
  ['POST', '/front-office/imports/executions'],
  ['POST', '/trade-files'],
] as const;

const READS = [
  '/me',
  '/ledger-dates',
  '/ledger-dates/current',
  DATE,
  `${DATE}/flows`,
  HK,
  `${HK}/readiness`,
  `${DATE}/day-cut`,
  `${DATE}/closing`,
  '/commands',
  `/orders?ledgerDate=${MON_2025_12_22}`,
  `/trade-exceptions?ledgerDate=${MON_2025_12_22}`,
  `/contracts?ledgerDate=${MON_2025_12_22}`,
  `/journals?ledgerDate=${MON_2025_12_22}`,
  '/balances',
  '/positions',
  '/trial-balance',
  `/checks?ledgerDate=${MON_2025_12_22}`,
  '/accounts',
  '/instruments',
  '/trade-files',
  '/supplements',
];

describe('L73 a person without the permission', () => {
  let system: System;
  // Permissions need no worker.
  beforeAll(async () => {
    system = await startSystem({ databaseUrl: await freshDatabase('tiny'), roles: ['server'] });
    // Not healthy without workers, but it answers.
    await poll('an answer', 60_000, async () => (await fetch(`${system.baseUrl}/health`)).status);
  });
  afterAll(() => system.stop());

  async function codes(
    person: DemoPerson,
    routes: readonly (readonly [method: string, path: string])[],
  ): Promise<string[]> {
    const api = await signIn(system.baseUrl, person);
    return Promise.all(
      routes.map(async ([method, path]) => {
        const { status, body } = await api.ask<Problem>(method, path, {
          body: {},
          key: randomUUID(),
        });
        return `${method} ${path} ${status} ${body.code}`;
      }),
    );
  }
  /** Where the errors of a file stand that an operator imported. */
  async function errorsOfAnImport(): Promise<string> {
    const operator = await signIn(system.baseUrl);
    const { body } = await operator.postCsv<{ importId: string }>(
      '/front-office/imports/orders',
      ORDER_COLUMNS.join(','),
    );
    return `/front-office/imports/${body.importId}/errors`;
  }
  const forbidden = (routes: readonly (readonly [string, string])[]) =>
    routes.map(([method, path]) => `${method} ${path} 403 FORBIDDEN`);

  it.each(['viewer', 'auditor'] as const)('L73 %s changes nothing and reads all', async (who) => {
    const routes = [...OPERATORS_ONLY, ...REVOKE_AND_CUT];
    expect(await codes(who, routes)).toEqual(forbidden(routes));
    const api = await signIn(system.baseUrl, who);
    const reads = [...READS, await errorsOfAnImport()];
    const read = await Promise.all(reads.map((path) => api.ask('GET', path)));
    expect(read.map(({ status }, at) => [reads[at], status])).toEqual(
      reads.map((path) => [path, 200]),
    );
  });

  it('L73 an approver may ask for a revoke and cut the day, and nothing else', async () => {
    expect(await codes('approver', OPERATORS_ONLY)).toEqual(forbidden(OPERATORS_ONLY));
    for (const line of await codes('approver', REVOKE_AND_CUT)) expect(line).not.toMatch(/ 403 /);
  });

  it('L73 without a sign-in nothing is shown, and nothing was written by any of them', async () => {
    const bare = await fetch(`${system.baseUrl}${HK}`);
    expect(bare.status).toBe(401);
    const operator = await signIn(system.baseUrl);
    expect(await operator.list('/commands')).toEqual([]);
    expect(await operator.get(HK)).toMatchObject({ mode: 'IDLE', revision: 1 });
  });
});
