import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FlowView } from '../../db/queries/flow-view.ts';
import { poll } from '../../scripts/embedded/processes.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

const HK = `/api/v1/ledger-dates/${MON_2025_12_22}/flows/HK/events`;

/** Reads flow events of an open stream, one after the other. */
async function* viewsOf(stream: IncomingMessage): AsyncGenerator<FlowView> {
  let text = '';
  for await (const piece of stream) {
    text += String(piece);
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^event: flow\ndata: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data) as FlowView;
    }
  }
}

/** To see that the feed has looked at the rights of those who watch. */
interface Checked {
  checkRights(): Promise<void>;
}

describe('live progress of a flow', () => {
  let api: ApiUnderTest;
  let baseUrl: string;
  beforeEach(async () => {
    api = await startApi();
    await api.app.listen({ port: 0, host: '127.0.0.1' });
    baseUrl = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
  });
  afterEach(() => api.close());

  const open = async (path: string, headers: Record<string, string>) => {
    const request = get(`${baseUrl}${path}`, { headers });
    const [stream] = (await once(request, 'response')) as [IncomingMessage];
    return stream;
  };
  const change = (set: string) =>
    api.db.$client.query(
      `UPDATE flow_days SET ${set}, revision = revision + 1 WHERE ledger_date = $1 AND flow = 'HK'`,
      [MON_2025_12_22],
    );
  const next = async (views: AsyncGenerator<FlowView>): Promise<FlowView> => {
    const { value } = (await views.next()) as IteratorYieldResult<FlowView>;
    return value;
  };

  it('begins with the whole view and tells each change', async () => {
    const stream = await open(HK, await api.as('viewer'));
    expect(stream.headers['content-type']).toContain('text/event-stream');
    const views = viewsOf(stream);
    expect(await next(views)).toMatchObject({ flow: 'HK', mode: 'IDLE', readiness: 'NOT_RUN' });
    await change(`readiness = 'PASSED'`);
    expect(await next(views)).toMatchObject({ readiness: 'PASSED', revision: 2 });
    await change(`mode = 'AUTO_RUNNING'`);
    expect(await next(views)).toMatchObject({ mode: 'AUTO_RUNNING', revision: 3 });
    stream.destroy();
  });

  it('tells nobody of totals who may not see the books', async () => {
    const [seeing, other] = await Promise.all(
      (['viewer', 'admin'] as const).map(async (who) => viewsOf(await open(HK, await api.as(who)))),
    );
    const both = async () => [await next(seeing!), await next(other!)];
    expect(await both()).toMatchObject([{ stripped: false }, { stripped: true }]);
    await api.db.$client.query(
      `WITH run AS (INSERT INTO step_runs (ledger_date, flow, step, generation, pass, status, inputs,
         result) VALUES ($1, 'HK', 'billing', 1, 1, 'SUCCEEDED', '{}', '{"grossAmount": "7"}')
         RETURNING step_run_id)
       UPDATE flow_steps SET step_run_id = run.step_run_id, status = 'SUCCEEDED' FROM run
       WHERE ledger_date = $1 AND flow = 'HK' AND step = 'billing'`,
      [MON_2025_12_22],
    );
    await change(`mode = 'PAUSED'`);
    const billing = (view: FlowView) => view.steps.find(({ step }) => step === 'billing');
    expect((await both()).map(billing)).toMatchObject([
      { status: 'SUCCEEDED', result: { grossAmount: '7' } },
      { status: 'SUCCEEDED', result: null },
    ]);
  });

  it('every watcher of every flow hears its own changes over one connection', async () => {
    const headers = await api.as('operator');
    const streams = await Promise.all([
      open(HK, headers),
      open(HK, headers),
      open(HK.replace('/HK/', '/US/'), headers),
    ]);
    const watchers = streams.map(viewsOf);
    const first = await Promise.all(watchers.map(next));
    expect(first.map(({ flow }) => flow)).toEqual(['HK', 'HK', 'US']);
    await change(`mode = 'PAUSED'`);
    const [one, two] = watchers;
    expect(await Promise.all([next(one!), next(two!)])).toMatchObject([
      { mode: 'PAUSED' },
      { mode: 'PAUSED' },
    ]);
    const { rows } = await api.db.$client.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
    );
    expect(rows).toHaveLength(1);
    for (const stream of streams) stream.destroy();
  });

  it('survives a lost connection to PostgreSQL and then shows what was missed', async () => {
    const stream = await open(HK, await api.as('operator'));
    const views = viewsOf(stream);
    await next(views);
    await change(`readiness = 'PASSED'`);
    await next(views);
    await api.db.$client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE 'LISTEN%'`);
    await change(`mode = 'PAUSED'`);
    expect(await next(views)).toMatchObject({ mode: 'PAUSED' });
    stream.destroy();
  });

  it('takes the token in the query, and only a valid one', async () => {
    const token = (await api.as('viewer'))['authorization']?.replace('Bearer ', '') ?? '';
    const stream = await open(`${HK}?access_token=${token}`, {});
    expect(stream.statusCode).toBe(200);
    stream.destroy();
    const refused = await open(`${HK}?access_token=forged`, {});
    expect(refused.statusCode).toBe(401);
    refused.destroy();
  });

  it('a flow that does not exist is 404 before any stream begins', async () => {
    const refused = await open(HK.replace('/HK/', '/SG/'), await api.as('viewer'));
    expect([refused.statusCode, refused.headers['content-type']]).toEqual([
      404,
      'application/problem+json',
    ]);
    refused.destroy();
  });

  it('who hangs up before the first view is read is not watched for', async () => {
    const watch = vi.spyOn(api.app.daycut.feed, 'watch');
    const lock = await api.db.$client.connect();
    await lock.query('BEGIN; LOCK TABLE flow_days IN ACCESS EXCLUSIVE MODE');
    const heard = once(api.app.server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    const request = get(`${baseUrl}${HK}`, { headers: await api.as('viewer') });
    request.on('error', () => undefined);
    const [, answer] = await heard;
    await poll('the first read', 60_000, async () => {
      const { rowCount } = await lock.query(
        `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'flow_days'::regclass`,
      );
      return rowCount === 0 ? undefined : true;
    });
    const closed = once(answer, 'close');
    request.destroy();
    await closed;
    await lock.query('COMMIT');
    lock.release();
    const { $client: pool } = api.db;
    await poll('an idle pool', 60_000, async () =>
      pool.idleCount === pool.totalCount ? true : undefined,
    );
    await setImmediate();
    expect(watch).not.toHaveBeenCalled();
  });

  describe.each([
    { name: 'the role was taken', sql: `DELETE FROM person_roles WHERE person_id = 'viewer'` },
    {
      name: 'the person left',
      sql: `UPDATE people SET active = false WHERE person_id = 'viewer'`,
    },
    {
      name: 'the role lost the code',
      sql: `DELETE FROM role_permissions WHERE role = 'viewer' AND code LIKE 'lb_hk%'`,
    },
    {
      name: 'the role lost sight of the books',
      sql: `DELETE FROM role_permissions WHERE role = 'viewer' AND code = 'clearing.ledger_query'`,
    },
    {
      name: 'the account is somebody else’s now',
      sql: `UPDATE sign_in_accounts SET person_id = 'operator' WHERE account = 'viewer'`,
    },
  ])('when $name', ({ sql }) => {
    it('ends, and every other stream goes on', async () => {
      const own = viewsOf(await open(HK, await api.as('viewer')));
      const second = viewsOf(await open(HK.replace('/HK/', '/US/'), await api.as('viewer')));
      const other = viewsOf(await open(HK, await api.as('operator')));
      for (const views of [own, second, other]) await next(views);
      await api.db.$client.query(sql);
      expect((await own.next()).done).toBe(true);
      expect((await second.next()).done).toBe(true);
      await change(`mode = 'PAUSED'`);
      expect(await next(other)).toMatchObject({ mode: 'PAUSED' });
    });
  });

  it('ends for a person who left by the API, who is then refused', async () => {
    const headers = await api.as('viewer');
    const views = viewsOf(await open(HK, headers));
    await next(views);
    const left = await api.app.inject({
      method: 'PATCH',
      url: '/api/v1/people/viewer',
      headers: await api.as('admin'),
      payload: { active: false },
    });
    expect(left.statusCode).toBe(200);
    expect((await views.next()).done).toBe(true);
    const again = await open(HK, headers);
    expect(again.statusCode).toBe(403);
    again.destroy();
  });

  it('goes on through changes that take no right', async () => {
    const views = viewsOf(await open(HK, await api.as('viewer')));
    await next(views);
    const check = vi.spyOn(api.app.daycut.feed as unknown as Checked, 'checkRights');
    await api.db.$client.query(`INSERT INTO person_roles VALUES ('viewer', 'auditor')`);
    await expect.poll(() => check.mock.calls.length, { timeout: 60_000 }).toBeGreaterThan(2);
    await change(`mode = 'PAUSED'`);
    expect(await next(views)).toMatchObject({ mode: 'PAUSED' });
  });

  it('ends when the server closes, so that a stop waits for nobody', async () => {
    const stream = await open(HK, await api.as('viewer'));
    const views = viewsOf(stream);
    await next(views);
    const closed = api.app.close();
    expect((await views.next()).done).toBe(true);
    await closed;
  });
});
