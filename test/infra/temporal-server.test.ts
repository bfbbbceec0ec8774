import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, signalProcess } from '../../scripts/embedded/processes.ts';
import { findTemporalCli } from '../../scripts/embedded/temporal-cli.ts';
import { startTemporal, type RunningTemporal } from '../../scripts/embedded/temporal-server.ts';

const namespaces = ['first', 'second'];
const folders: string[] = [];
const servers: RunningTemporal[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'daycut temporal test '));
  folders.push(made);
  return made;
}

async function start(dir: string): Promise<RunningTemporal> {
  const cli = await findTemporalCli({ env: process.env });
  const server = await startTemporal({ cli, dir, namespaces });
  servers.push(server);
  return server;
}

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection, namespace: 'second' }));
  } finally {
    await connection.close();
  }
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

describe('startTemporal', () => {
  it('keeps an open workflow over a kill -9', async () => {
    const dir = folder();
    const first = await start(dir);
    await withClient(first.address, ({ workflow }) =>
      workflow.start('waits', { workflowId: 'kept', taskQueue: 'nobody-polls', args: [] }),
    );
    signalProcess(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start(dir);
    const { status } = await withClient(second.address, ({ workflow }) =>
      workflow.getHandle('kept').describe(),
    );
    expect(status.name).toBe('RUNNING');
  });

  it('keeps closed runs for a month', async () => {
    const { address } = await start(folder());
    const described = await withClient(address, (client) =>
      client.workflowService.describeNamespace({ namespace: 'second' }),
    );
    const kept = described.config?.workflowExecutionRetentionTtl?.seconds;
    expect(String(kept)).toBe(String(30 * 24 * 3600));
  });

  it('refuses a folder whose server and starter live', async () => {
    const dir = folder();
    const { pid } = await start(dir);
    await expect(start(dir)).rejects.toThrow(`process ${pid}`);
  });

  it('leaves no process behind when it stops', async () => {
    const { pid, stop } = await start(folder());
    await stop();
    expect(isAlive(pid)).toBe(false);
  });
});
