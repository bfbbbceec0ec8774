import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalCli } from '../../scripts/embedded/temporal-cli.ts';
import { fromAddress, type Source } from '../../scripts/embedded/temporal-cli-sources.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daycut-cli-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A program that says what it is, as the real one does. */
function program(path: string, says = 'temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

const source = (name: string, obtain: Source['obtain'], version = '1.8.2'): Source => ({
  name,
  version,
  obtain,
});
const none: Source['obtain'] = () => Promise.reject(new Error('no way out to the internet'));

const search = (env: Record<string, string>, sources: readonly Source[] = []) =>
  findTemporalCli({ env, cacheDir: join(folder, 'cache'), sources });

describe('findTemporalCli', () => {
  it('takes the named program before one on the PATH', async () => {
    const named = program(join(folder, 'mine/temporal'));
    program(join(folder, 'bin/temporal'));
    const found = await search({ TEMPORAL_CLI_PATH: named, PATH: join(folder, 'bin') });
    expect(found).toEqual({ path: named, version: '1.8.2', source: 'TEMPORAL_CLI_PATH' });
  });

  it('takes one on the PATH before obtaining any', async () => {
    const onPath = program(join(folder, 'bin/temporal'), 'temporal version 1.5.1 (Server 1.29.1)');
    const found = await search({ PATH: join(folder, 'bin') }, [source('never', none)]);
    expect(found).toEqual({ path: onPath, version: '1.5.1', source: 'PATH' });
  });

  it('obtains one from the first source that works, and then finds it in the cache', async () => {
    const asked: string[] = [];
    const sources = ['first', 'second', 'third'].map((name) =>
      source(name, async (path) => {
        asked.push(name);
        if (name === 'first') throw new Error('down');
        program(path);
      }),
    );
    const obtained = await search({ PATH: '' }, sources);
    const again = await search({ PATH: '' }, sources);
    expect([obtained.source, again.source, asked]).toEqual([
      'second',
      'cache',
      ['first', 'second'],
    ]);
  });

  it('lets two searches at once obtain it', async () => {
    const sources = [source('slow', async (path) => void program(path))];
    const found = await Promise.all([search({ PATH: '' }, sources), search({ PATH: '' }, sources)]);
    expect(found[0].path).toBe(found[1].path);
  });

  it.each([
    { name: 'another program', says: 'hello', reason: /is no Temporal program: it says "hello"/ },
    {
      name: 'too old',
      says: 'temporal version 0.13.2 (Server 1.24.2)',
      reason: /at least 1\.4\.0/,
    },
  ])('refuses a named program that is $name', async ({ says, reason }) => {
    const named = program(join(folder, 'temporal'), says);
    await expect(search({ TEMPORAL_CLI_PATH: named })).rejects.toThrow(reason);
  });

  it('refuses a named program that does not run', async () => {
    const broken = join(folder, 'temporal');
    writeFileSync(broken, 'not a program', { mode: 0o755 });
    await expect(search({ TEMPORAL_CLI_PATH: broken })).rejects.toThrow(/does not run/);
  });

  it('passes over a broken one on the PATH', async () => {
    program(join(folder, 'broken/temporal'), 'command not found');
    const good = program(join(folder, 'good/temporal'));
    const found = await search({ PATH: `${folder}/broken:${folder}/good` });
    expect(found.path).toBe(good);
  });

  it('keeps nothing that a source brought and that does not run', async () => {
    let brought = '';
    const sources = [
      source('bad mirror', async (path) => {
        brought = program(path, 'malware');
      }),
    ];
    await expect(search({ PATH: '' }, sources)).rejects.toThrow(
      /bad mirror: .* no Temporal program/,
    );
    expect(existsSync(brought)).toBe(false);
  });

  it('takes from a source no other version than the pinned one', async () => {
    const newer = source('eager mirror', async (path) => {
      program(path, 'temporal version 1.9.1 (Server 1.32.0)');
    });
    const older = source(
      'the sources',
      async (path) => {
        program(path, 'temporal version 1.5.1 (Server 1.29.1)');
      },
      '1.5.1',
    );
    await expect(search({ PATH: '' }, [newer])).rejects.toThrow(
      /eager mirror: it brought version 1\.9\.1, and 1\.8\.2 is the pinned one/,
    );
    const built = await search({ PATH: '' }, [newer, older]);
    const again = await search({ PATH: '' }, [newer, older]);
    expect([built.source, again.source, again.version]).toEqual(['the sources', 'cache', '1.5.1']);
  });

  it('tries no other source once it is told to stop', async () => {
    const asked: string[] = [];
    const stopping = new AbortController();
    const sources = ['first', 'second'].map((name) =>
      source(name, async () => {
        asked.push(name);
        stopping.abort();
        throw new Error('broken off');
      }),
    );
    const found = findTemporalCli({
      env: { PATH: '' },
      cacheDir: join(folder, 'cache'),
      sources,
      signal: stopping.signal,
    });
    await expect(found).rejects.toThrow('aborted');
    expect(asked).toEqual(['first']);
  });

  it('names every way on one screen when none works', async () => {
    const refusal: unknown = await search({ PATH: '' }, [source('the mirror', none)]).catch(
      (error: unknown) => error,
    );
    const text = (refusal as Error).message;
    for (const way of ['TEMPORAL_ADDRESS=', 'TEMPORAL_CLI_PATH=', 'pip install', 'go install']) {
      expect(text).toContain(way);
    }
    expect(text).toContain('the mirror: no way out to the internet');
    expect(text.split('\n').length).toBeLessThanOrEqual(24);
  });
});

describe('fromAddress', () => {
  it('writes nothing that is not the pinned program, so that it is never run', async () => {
    const marker = join(folder, 'ran');
    program(join(folder, 'packed/temporal'), `'; touch '${marker}`);
    execFileSync('tar', ['-czf', 'archive.tar.gz', '-C', 'packed', 'temporal'], { cwd: folder });
    const archive = readFileSync(join(folder, 'archive.tar.gz'));
    const server = createServer((_, answer) => void answer.end(archive)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const mirror = source('a mirror', (path) => fromAddress(`http://127.0.0.1:${port}/`, path));
      await expect(search({ PATH: '' }, [mirror])).rejects.toThrow(
        /a mirror: (not the program of release 1\.8\.2: its sha256|no hash is known)/,
      );
      expect(existsSync(marker)).toBe(false);
    } finally {
      server.close();
    }
  });
});
