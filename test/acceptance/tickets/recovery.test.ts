import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { poll } from '../../../scripts/embedded/processes.ts';
import { loadTinyBroker } from '../../../scripts/sample-broker/load.ts';
import { startOwnServers, type OwnServers } from '../../support/servers.ts';
import { startSystem, type System } from '../../support/system.ts';
import { signIn, type Api } from '../support/api.ts';
import { AFTER_EVERY_CUTOFF, MON_2025_12_22 } from '../support/tiny-system.ts';
import { decide, ended, mustAsk, type Asked, type TicketView } from './consent.ts';

const rolesOf = (personId: string, ...roles: string[]): Asked => ({
  key: 'admin.person_roles.exec',
  target: { personId },
  payload: { roles },
});
interface PersonView {
  readonly personId: string;
  readonly roles: readonly string[];
  readonly version: number;
}

let servers: OwnServers;
let system: System;
let admin: Api;
let approver: Api;
let approver2: Api;
beforeAll(async () => {
  servers = await startOwnServers();
  const { databaseUrl, temporalAddress, namespace } = servers;
  await loadTinyBroker(databaseUrl, { firstLedgerDate: parseBusinessDate(MON_2025_12_22) });
  const clock = AFTER_EVERY_CUTOFF;
  system = await startSystem({ databaseUrl, temporalAddress, namespace, clock });
  [admin, approver, approver2] = (await Promise.all(
    (['admin', 'approver', 'approver2'] as const).map((who) => signIn(system.baseUrl, who)),
  )) as [Api, Api, Api];
});
afterAll(async () => {
  await system.stop();
  await servers.stop();
});

const person = async (personId: string): Promise<PersonView | undefined> =>
  (await admin.list<PersonView>('/people')).find((each) => each.personId === personId);
const statusOf = async ({ ticketId }: TicketView): Promise<string> =>
  (await admin.get<TicketView>(`/tickets/${ticketId}`)).status;

async function isRunning(workflowId: string): Promise<boolean | undefined> {
  const connection = await Connection.connect({ address: servers.temporalAddress });
  try {
    const client = new Client({ connection, namespace: servers.namespace });
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' || undefined;
  } finally {
    await connection.close();
  }
}

describe('decisions that nobody can take yet', () => {
  it('are written down while no worker runs, and all of them count once one is back', async () => {
    const [first, second, third] = [
      await mustAsk(admin, rolesOf('viewer', 'viewer', 'auditor')),
      await mustAsk(admin, rolesOf('auditor', 'auditor', 'viewer')),
      await mustAsk(admin, rolesOf('operator2')),
    ];
    const before = await person('viewer');
    await system.kill('control');
    const answers = await Promise.all([
      decide(approver, first.ticketId, 'approve'),
      decide(approver, second.ticketId, 'reject'),
      admin.ask('POST', `/tickets/${third.ticketId}/withdraw`, { body: {}, key: 'withdrawn' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(answers[0].headers.get('location')).toBe(`/api/v1/tickets/${first.ticketId}`);
    // They have an order already: who comes later is told so, worker or not.
    const late = await decide(approver2, first.ticketId, 'reject');
    expect([late.status, late.body.code]).toEqual([409, 'TICKET_CLOSED']);
    expect(await statusOf(first)).toBe('PENDING');
    expect(await person('viewer')).toEqual(before);

    system.restart('control');
    const ends = [first, second, third].map(({ ticketId }) => ended(admin, ticketId));
    expect((await Promise.all(ends)).map(({ status }) => status)).toEqual([
      'SUCCEEDED',
      'REJECTED',
      'WITHDRAWN',
    ]);
    expect(await person('viewer')).toMatchObject({
      roles: ['auditor', 'viewer'],
      version: before!.version + 1,
    });
  });

  it('outlive Temporal’s whole database: open tickets and untaken decisions come from the rows', async () => {
    await system.untilHealthy();
    const decided = await mustAsk(admin, rolesOf('operator2', 'operator', 'viewer'));
    const waiting = await mustAsk(admin, rolesOf('auditor', 'auditor', 'viewer'));
    const idle = await mustAsk(admin, rolesOf('viewer', 'viewer'));
    const before = await person('operator2');
    await system.kill('control');
    expect((await decide(approver, decided.ticketId, 'approve')).status).toBe(202);
    await servers.killTemporal();
    // Nobody knows of Temporal's death yet; a decision does not need it to be written down.
    const key = 'while-temporal-is-away';
    const path = `/tickets/${waiting.ticketId}/approve`;
    expect((await approver2.ask('POST', path, { body: {}, key })).status).toBe(202);
    await servers.restartTemporal({ forget: true });
    system.restart('control');
    const ends = [decided, waiting].map(({ ticketId }) => ended(admin, ticketId));
    expect((await Promise.all(ends)).map(({ status }) => status)).toEqual([
      'SUCCEEDED',
      'SUCCEEDED',
    ]);
    expect(await person('operator2')).toMatchObject({
      roles: ['operator', 'viewer'],
      version: before!.version + 1,
    });
    expect(await person('auditor')).toMatchObject({ roles: ['auditor', 'viewer'] });
    // One that nobody has decided on waits in the engine again before anybody does.
    await poll('its workflow', 60_000, () => isRunning(`ticket/${idle.ticketId}`));
    await decide(approver, idle.ticketId, 'approve');
    expect((await ended(admin, idle.ticketId)).status).toBe('SUCCEEDED');
    expect(await person('viewer')).toMatchObject({ roles: ['viewer'] });
  });
});
