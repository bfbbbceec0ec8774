import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTinyBroker } from '../../scripts/sample-broker/load.ts';
import { startOwnServers, type OwnServers } from '../support/servers.ts';
import { startSystem, type Role, type System } from '../support/system.ts';
import { signIn } from './support/api.ts';
import { Barrier } from './support/barrier.ts';
import { booksOf, contractsOf } from './support/books.ts';
import { DayDesk } from './support/desk.ts';
import { placeOrder } from './support/front-office.ts';
import { AFTER_EVERY_CUTOFF, MON_2025_12_22 } from './support/tiny-system.ts';

const EVERYBODY: readonly Role[] = ['control', 'batch', 'server'];

describe('a revoke in the middle of its undo', () => {
  let servers: OwnServers;
  let system: System;
  let day: DayDesk;

  beforeAll(async () => {
    servers = await startOwnServers();
    const { databaseUrl, temporalAddress, namespace } = servers;
    await loadTinyBroker(databaseUrl);
    const clock = AFTER_EVERY_CUTOFF;
    system = await startSystem({ databaseUrl, temporalAddress, namespace, clock });
    day = new DayDesk(await signIn(system.baseUrl), MON_2025_12_22);
  });
  afterAll(async () => {
    await system.stop();
    await servers.stop();
  });

  it('goes on from PostgreSQL when everything died and Temporal’s database is lost', async () => {
    const hk = day.flow('HK');
    for (const accountNo of ['20000001', '20000002', '20000003']) {
      await placeOrder(day.api, {
        accountNo,
        instrumentId: 'ST/HK/700',
        tradeDate: MON_2025_12_22,
      });
    }
    const opening = await booksOf(day.api);
    for (const flow of [day.flow('US'), hk]) await flow.clear();
    const cleared = await booksOf(day.api);

    const barrier = await Barrier.before(servers.databaseUrl, 'postings');
    await hk.beginRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    await barrier.reachedBy('worker batch');
    await Promise.all([...EVERYBODY.map((role) => system.kill(role)), servers.killTemporal()]);
    await barrier.lift();
    await servers.restartTemporal({ forget: true });
    for (const role of EVERYBODY) system.restart(role);
    await system.untilHealthy();

    expect(await hk.settled()).toMatchObject({ mode: 'IDLE', readiness: 'STALE', generation: 2 });
    expect(await booksOf(day.api)).toEqual(opening);
    expect(await contractsOf(day.api, MON_2025_12_22, 'HK')).toEqual([]);
    await hk.clear();
    expect(await booksOf(day.api)).toEqual(cleared);
    await day.expectInvariants();
  });
});
