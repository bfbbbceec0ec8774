import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadSampleBroker } from '../../scripts/sample-broker/load.ts';
import { startOwnServers, type OwnServers } from '../support/servers.ts';
import { startSystem, type Role, type System } from '../support/system.ts';
import { freshNamespace } from '../support/temporal.ts';
import { Barrier } from './support/barrier.ts';
import { signIn } from './support/api.ts';
import { brokenProofs } from './support/proofs.ts';
import { stepOf, type FlowDesk } from './support/desk.ts';
import { digestOf, type Digest } from './support/digest.ts';
import { otherWorkflowBundle } from './support/other-release.ts';
import {
  AFTER_EVERY_CUTOFF,
  FRI_2025_12_26,
  MON_2025_12_22,
  MON_2025_12_29,
  TUE_2025_12_23,
  WED_2025_12_24,
} from './support/tiny-system.ts';
import { Week } from './support/week.ts';

const FLOWS = ['US', 'HK', 'day-end'];
const EVERYBODY: readonly Role[] = ['control', 'batch', 'server'];

let servers: OwnServers;
let filesDir: string;
/** What the books must be after each date. */
const undisturbed = new Map<string, Digest>();

async function inCluster(statement: string): Promise<void> {
  const url = new URL(servers.databaseUrl);
  url.pathname = '/postgres';
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(statement);
  await admin.end();
}

beforeAll(async () => {
  servers = await startOwnServers();
  filesDir = mkdtempSync(join(inject('scratch'), 'week-'));
  await loadSampleBroker(servers.databaseUrl, { filesDir, scale: 0.25 });
  const { pathname } = new URL(servers.databaseUrl);
  await inCluster(`CREATE DATABASE calm TEMPLATE ${pathname.slice(1)} STRATEGY file_copy`);
});
afterAll(() => servers.stop());

/** The database of the week in which nothing is killed. */
function databaseUrlOfCalm(): string {
  const url = new URL(servers.databaseUrl);
  url.pathname = '/calm';
  return url.href;
}

describe('the five sample dates', () => {
  let system: System;
  let week: Week;
  let databaseUrl: string;

  beforeAll(async () => {
    databaseUrl = databaseUrlOfCalm();
    const namespace = await freshNamespace();
    system = await startSystem({ databaseUrl, namespace, clock: AFTER_EVERY_CUTOFF });
    week = new Week(await signIn(system.baseUrl), filesDir);
  });
  afterAll(() => system.stop());

  it.each([MON_2025_12_22, TUE_2025_12_23, WED_2025_12_24, FRI_2025_12_26, MON_2025_12_29])(
    '%s is cleared, cut, and every invariant of its closing table holds',
    async (ledgerDate) => {
      await week.importFiles(ledgerDate);
      const cleared = [];
      for (const flow of FLOWS) cleared.push(await week.clear(ledgerDate, flow));
      const preChecks = cleared.flatMap(({ flow, steps }) =>
        steps.filter(({ step }) => step === 'preCheck').map(({ pass }) => `${flow} ${pass}`),
      );
      // On Tuesday the file of CCASS misses a row, and the corrected one is needed.
      const again = ledgerDate === TUE_2025_12_23 ? 2 : 1;
      expect(preChecks).toEqual(['US 1', `HK ${again}`]);
      expect(await week.day(ledgerDate).cut()).toMatchObject({ status: 'APPLIED' });
      undisturbed.set(ledgerDate, await digestOf(databaseUrl, ledgerDate));
      await week.day(ledgerDate).expectInvariants();
    },
  );
});

describe('the same week with something killed in each flow', () => {
  let system: System;
  let week: Week;
  let bundle: string | undefined;

  const start = async (): Promise<void> => {
    const { databaseUrl, temporalAddress, namespace } = servers;
    const env = bundle === undefined ? {} : { DAYCUT_WORKFLOW_BUNDLE: bundle };
    const clock = AFTER_EVERY_CUTOFF;
    system = await startSystem({ databaseUrl, temporalAddress, namespace, clock, env });
    week = new Week(await signIn(system.baseUrl), filesDir);
  };
  const killRoles = async (roles: readonly Role[]): Promise<void> => {
    await Promise.all(roles.map((role) => system.kill(role)));
  };
  const restartRoles = async (roles: readonly Role[]): Promise<void> => {
    for (const role of roles) system.restart(role);
    await system.untilHealthy();
  };

  beforeAll(start);
  afterAll(() => system.stop());

  interface Accident {
    readonly at: { readonly ledgerDate: string; readonly flow: string; readonly step: string };
    /** The table before which the batch worker is caught in its transaction. */
    readonly table: string;
    /** Lets the shards end, and catches the control worker while it closes the step. */
    readonly whileClosing?: true;
    readonly kill: () => Promise<void>;
    readonly heal: () => Promise<void>;
  }

  /**
   * One click; the accident while the step is in the middle of a chunk; the flow ends by itself.
   */
  async function clearWith({ at, table, whileClosing, kill, heal }: Accident): Promise<void> {
    const { ledgerDate, flow, step } = at;
    await week.importFiles(ledgerDate);
    const desk: FlowDesk = week.day(ledgerDate).flow(flow);
    await desk.makeReady();
    let barrier = await runTo(desk, step, table);
    if (whileClosing) {
      const next = await Barrier.before(servers.databaseUrl, 'step_runs');
      await barrier.lift();
      barrier = next;
      await barrier.reachedBy('worker control');
    }
    expect(stepOf(await desk.view(), step).status).toBe('RUNNING');
    await kill();
    await barrier.lift();
    await heal();
    // A start anew has another address, so nothing of before is asked again.
    const view = await week.day(ledgerDate).flow(flow).settled();
    expect((await week.finish(view)).mode).toBe('COMPLETED');
  }

  /** The steps before it one by one, and then one click that hangs in it. */
  async function runTo(desk: FlowDesk, step: string, table: string): Promise<Barrier> {
    for (const each of (await desk.view()).steps) {
      if (each.step === step) break;
      await desk.api.must(`${desk.path}/steps/${each.step}/run`);
      const view = await desk.settled();
      if (stepOf(view, each.step).status === 'BLOCKED_BY_CHECK') {
        await week.correct(view);
        await desk.mustRunStep(each.step);
      }
    }
    const barrier = await Barrier.before(servers.databaseUrl, table);
    await desk.api.must(`${desk.path}/start`);
    await barrier.reachedBy('worker batch');
    return barrier;
  }

  async function endOf(ledgerDate: string): Promise<void> {
    expect(await week.day(ledgerDate).cut()).toMatchObject({ status: 'APPLIED' });
    expect(await digestOf(servers.databaseUrl, ledgerDate)).toEqual(undisturbed.get(ledgerDate));
    await week.day(ledgerDate).expectInvariants();
  }

  it('L10 the batch worker in posting: each contract is charged once', async () => {
    await clearWith({
      at: { ledgerDate: MON_2025_12_22, flow: 'US', step: 'posting' },
      table: 'postings',
      kill: () => killRoles(['batch']),
      heal: () => restartRoles(['batch']),
    });
  });

  it('the batch worker in billing', async () => {
    await clearWith({
      at: { ledgerDate: MON_2025_12_22, flow: 'HK', step: 'billing' },
      table: 'fees',
      kill: () => killRoles(['batch']),
      heal: () => restartRoles(['batch']),
    });
  });

  it('the control worker while it closes a step, and the API: the same books', async () => {
    await clearWith({
      at: { ledgerDate: MON_2025_12_22, flow: 'day-end', step: 'dataSummary' },
      table: 'account_totals',
      whileClosing: true,
      kill: () => killRoles(['control', 'server']),
      heal: () => restartRoles(['control', 'server']),
    });
    await endOf(MON_2025_12_22);
  });

  it('both workers in posting', async () => {
    await clearWith({
      at: { ledgerDate: TUE_2025_12_23, flow: 'US', step: 'posting' },
      table: 'postings',
      kill: () => killRoles(['control', 'batch']),
      heal: () => restartRoles(['control', 'batch']),
    });
  });

  it('PostgreSQL in posting, while the others live on: the same books', async () => {
    await clearWith({
      at: { ledgerDate: TUE_2025_12_23, flow: 'HK', step: 'posting' },
      table: 'postings',
      kill: () => servers.killPostgres(),
      heal: async () => {
        await servers.restartPostgres();
        await system.untilHealthy();
      },
    });
    await week.clear(TUE_2025_12_23, 'day-end');
    await endOf(TUE_2025_12_23);
  });

  it('Temporal in billing, while the others live on', async () => {
    await clearWith({
      at: { ledgerDate: WED_2025_12_24, flow: 'US', step: 'billing' },
      table: 'fees',
      kill: () => servers.killTemporal(),
      heal: async () => {
        await servers.restartTemporal();
        await system.untilHealthy();
      },
    });
  });

  it('the whole group in billing: the same books', async () => {
    await clearWith({
      at: { ledgerDate: WED_2025_12_24, flow: 'HK', step: 'billing' },
      table: 'contracts',
      kill: async () => {
        await Promise.all([killRoles(EVERYBODY), servers.killPostgres(), servers.killTemporal()]);
      },
      heal: async () => {
        await Promise.all([servers.restartPostgres(), servers.restartTemporal()]);
        await restartRoles(EVERYBODY);
      },
    });
    await week.clear(WED_2025_12_24, 'day-end');
    await endOf(WED_2025_12_24);
  });

  it('with Temporal’s database lost, the next start opens every flow again', async () => {
    await clearWith({
      at: { ledgerDate: FRI_2025_12_26, flow: 'US', step: 'posting' },
      table: 'journals',
      kill: async () => {
        await Promise.all([killRoles(EVERYBODY), servers.killTemporal()]);
      },
      heal: async () => {
        await servers.restartTemporal({ forget: true });
        await restartRoles(EVERYBODY);
      },
    });
    for (const flow of ['HK', 'day-end']) await week.clear(FRI_2025_12_26, flow);
    await endOf(FRI_2025_12_26);
  });

  it('with workflow code that the open histories do not fit, so does the next start', async () => {
    await clearWith({
      at: { ledgerDate: MON_2025_12_29, flow: 'US', step: 'billing' },
      table: 'fees',
      kill: () => killRoles(EVERYBODY),
      heal: async () => {
        bundle = await otherWorkflowBundle();
        await start();
      },
    });
    const archived = await archivedHistories();
    expect(archived).toContain(`clearing/${MON_2025_12_29}/US`);
    for (const flow of ['HK', 'day-end']) await week.clear(MON_2025_12_29, flow);
    await endOf(MON_2025_12_29);
  });

  it('leaves an audit log behind whose every proof holds', async () => {
    expect(await brokenProofs(servers.databaseUrl)).toEqual([]);
    expect(await brokenProofs(databaseUrlOfCalm())).toEqual([]);
  });

  async function archivedHistories(): Promise<string[]> {
    const client = new pg.Client({ connectionString: servers.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ id: string }>(
      'SELECT workflow_id AS id FROM archived_histories ORDER BY 1',
    );
    await client.end();
    return rows.map(({ id }) => id);
  }
});
