import { expect, it } from 'vitest';
import { keepBeating } from '../../db/heartbeats.repository.ts';
import { poll } from '../../scripts/embedded/processes.ts';
import { startApi } from './support.ts';

it('a worker that begins to beat sweeps up those who fell silent, and takes its own row with it', async () => {
  const api = await startApi();
  const errors: unknown[] = [];
  const workers = async (): Promise<string> => {
    const { rows } = await api.db.$client.query<{ id: string }>(
      'SELECT worker_id AS id FROM worker_heartbeats ORDER BY worker_id',
    );
    return rows.map(({ id }) => id).join(' ');
  };
  await api.db.$client.query(`INSERT INTO worker_heartbeats (worker_id, role, started_at, beat_at)
    VALUES ('alive', 'batch', now(), now()), ('killed', 'batch', now(), now() - interval '1 hour')`);
  const stop = keepBeating(api.db, { workerId: 'new', role: 'batch' }, (e) => errors.push(e));
  await poll('the sweep', 60_000, async () => (await workers()) === 'alive new' || undefined);
  await stop();
  expect(await workers()).toBe('alive');
  expect(errors).toEqual([]);
  await api.close();
});
