import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, inject, it } from 'vitest';
import { createUnarchivedRuns } from '../../temporal/unarchived-runs.ts';
import { freshNamespace } from '../support/temporal.ts';

describe('a run that is not archived', () => {
  const nobodyWorks = { taskQueue: 'nobody', args: [] };

  it('is found by its own id; runs of other types and unknown ones are not', async () => {
    const namespace = await freshNamespace();
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const client = new Client({ connection, namespace });
    const find = createUnarchivedRuns(client);
    const start = (type: string) =>
      client.workflow.start(type, { ...nobodyWorks, workflowId: `${type}/2025-12-22` });
    const { firstExecutionRunId: runId } = await start('ledgerDay');
    const { firstExecutionRunId: archiver } = await start('archiveHistory');
    await expect.poll(() => find(runId), { timeout: 60_000 }).toBeDefined();
    const found = await find(runId);
    expect(found?.workflowId).toBe('ledgerDay/2025-12-22');
    expect(found?.history.events?.length).toBeGreaterThan(0);
    expect(await find(archiver)).toBeUndefined();
    expect(await find(randomUUID())).toBeUndefined();
    await connection.close();
  });

  it('cannot be looked for while Temporal is away, which is said by its code', async () => {
    const connection = Connection.lazy({ address: '127.0.0.1:1', connectTimeout: '1 second' });
    const find = createUnarchivedRuns(new Client({ connection }));
    await expect(find(randomUUID())).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    await connection.close();
  });
});
