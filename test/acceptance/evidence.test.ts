import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openEvidenceKey, type EvidenceKey } from '../../api/evidence-key.ts';
import { projectRoot } from '../../config.ts';
import type { EvidenceContent, EvidencePack } from '../../domain/audit/evidence.ts';
import { poll } from '../../scripts/embedded/processes.ts';
import type { Api } from './support/api.ts';
import { DayDesk } from './support/desk.ts';
import { placeOrder } from './support/front-office.ts';
import { MON_2025_12_22, startTiny, TUE_2025_12_23, type Stage } from './support/tiny-system.ts';
import type { Problem } from './support/views.ts';
import { granted } from './tickets/consent.ts';

interface JournalView {
  readonly journalId: number;
  readonly kind: string;
  readonly generation: number;
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let stage: Stage;
let auditor: Api;
let scratch: string;
let key: EvidenceKey;
let journalId: number;
let pack: EvidencePack;

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd: projectRoot, env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

let files = 0;
function written(value: unknown): string {
  files += 1;
  const file = join(scratch, `file-${String(files)}.json`);
  writeFileSync(file, JSON.stringify(value));
  return file;
}

/** As an auditor does it, on a machine that has Node.js and this one script. */
const verify = (of: unknown, ...args: string[]): Promise<Ended> =>
  run(['scripts/verify-evidence.mjs', written(of), ...args]);

const evidencePath = (id: number): string =>
  `/audit/evidence?journalId=${String(id)}&ledgerDate=${MON_2025_12_22}`;

beforeAll(async () => {
  scratch = mkdtempSync(join(inject('scratch'), 'evidence-'));
  const keyFile = join(scratch, 'key.pem');
  key = openEvidenceKey(keyFile);
  stage = await startTiny({ env: { DAYCUT_EVIDENCE_KEY: keyFile } });
  auditor = await stage.as('auditor');
  for (const accountNo of ['20000001', '20000002']) {
    const order = { accountNo, instrumentId: 'ST/HK/700', tradeDate: MON_2025_12_22 };
    await placeOrder(stage.operator, order);
  }
  await stage.day.flow('US').clear();
  await stage.day.flow('HK').clear();
  await granted(stage.operator, await stage.as('approver'), {
    key: 'clearing.re_clearing.exec',
    target: { ledgerDate: MON_2025_12_22, flow: 'HK' },
    payload: { assetRollback: 'UNDO', supplements: 'NO_OP' },
  });
  await stage.day.flow('HK').settled();
  await stage.day.flow('HK').clear();
  const journals = await auditor.list<JournalView>(
    `/journals?ledgerDate=${MON_2025_12_22}&flow=HK&kind=tradePosting`,
  );
  journalId = journals.find(({ generation }) => generation === 2)?.journalId ?? 0;
});
afterAll(() => stage.stop());

describe('evidence for a ledger entry', () => {
  it('is not to be had before the date is cut, nor by an operator, nor for no entry', async () => {
    const early = await auditor.ask<Problem>('GET', evidencePath(journalId));
    expect([early.status, early.body.code]).toEqual([409, 'EVIDENCE_INCOMPLETE']);
    const asked = await stage.operator.ask('GET', evidencePath(journalId));
    const unknown = await auditor.ask('GET', evidencePath(999_999_999));
    expect([asked.status, unknown.status]).toEqual([403, 404]);
  });

  it('is signed when the date is cut and the runs are archived', async () => {
    await stage.day.clear(['day-end']);
    pack = await poll('the archive of the runs', 60_000, async () => {
      const { status, body } = await auditor.ask<EvidencePack>('GET', evidencePath(journalId));
      return status === 200 ? body : undefined;
    });
    const open = await auditor.get<{ publicKey: string; fingerprint: string }>('/audit/key');
    expect(open.fingerprint).toBe(key.fingerprint);
    expect(pack.signature).toMatchObject(open);
  });

  it('says in words what it proves, from the entry to the approvals and the code', async () => {
    const { code, out, err } = await verify(pack);
    expect([code, err]).toEqual([0, '']);
    for (const words of [
      `Signed with the key ${key.fingerprint}.`,
      `Journal ${String(journalId)} (tradePosting) of ledger date ${MON_2025_12_22}:`,
      'It balances in every asset.',
      'One of 2 journals of chunk 0, shard 1',
      // The first root is over the opening books.
      `daily root 2 of ${MON_2025_12_22}`,
      'as it was booked.',
      '(clearing.re_clearing.exec): asked by operator, approved by approver, SUCCEEDED.',
      'hands out shard 1 of step run',
      'It ran on release 0.1.0, workflow code',
      'Everything holds.',
    ]) {
      expect(out).toContain(words);
    }
  });

  it('holds against the key that an auditor got elsewhere, and against no other', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
    const [good, bad] = [join(scratch, 'known.pem'), join(scratch, 'other.pem')];
    writeFileSync(good, key.publicKey);
    writeFileSync(bad, other);
    expect((await verify(pack, '--key', good)).code).toBe(0);
    const { code, err } = await verify(pack, '--key', bad);
    expect([code, err]).toEqual([1, expect.stringContaining('that is not the key in')]);
  });

  it('holds against an export of the daily roots, and not against that of other books', async () => {
    const kept = await auditor.get<{ roots: { root: string }[]; head: unknown }>('/audit/roots');
    expect((await verify(pack, '--roots', written(kept))).code).toBe(0);
    const roots = kept.roots.map((root) => ({ ...root, root: 'f'.repeat(64) }));
    const { code, err } = await verify(pack, '--roots', written({ ...kept, roots }));
    expect([code, err]).toEqual([1, expect.stringContaining('daily root 1 is not the one in')]);
  });

  it('is the same at the command line', async () => {
    const file = join(scratch, 'cli.json');
    const env = {
      PATH: process.env['PATH'],
      HOME: scratch,
      DATABASE_URL: stage.system.databaseUrl,
      DAYCUT_HOME: scratch,
      DAYCUT_EVIDENCE_KEY: join(scratch, 'key.pem'),
    };
    const made = await run(['scripts/audit.mjs', 'evidence', String(journalId), file], env);
    expect([made.code, made.err]).toEqual([0, '']);
    expect((await run(['scripts/verify-evidence.mjs', file])).code).toBe(0);
    const list = await run(['scripts/audit.mjs', 'list', '--date', MON_2025_12_22], env);
    expect(list.out).toContain(`archived runs of ${MON_2025_12_22}.`);
    const replay = await run(['scripts/audit.mjs', 'replay', '--date', MON_2025_12_22], env);
    expect([replay.code, replay.err]).toEqual([0, '']);
    expect(replay.out).toMatch(/\d+ replayed, 0 with differences\./);
  });
});

type Path = readonly (string | number)[];

/** One way to every kind of field: the second of a list stands for all that follow it. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()].slice(0, 2) : Object.entries(value);
  return entries.flatMap(([name, inner]) => pathsOf(inner, [...path, name]));
}

const changed = (value: unknown): unknown => {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string' || value === '') return 'x';
  const last = value.at(-1) === '1' ? '2' : '1';
  return `${value.slice(0, -1)}${last}`;
};

/** A copy in which one field is another. */
function altered<T>(whole: T, path: Path, to: (value: unknown) => unknown = changed): T {
  const copy = structuredClone(whole);
  let at = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  at[last] = to(at[last]);
  return copy;
}

describe('evidence that somebody altered', () => {
  it('does not hold, whichever field it was', async () => {
    const paths = pathsOf(pack);
    expect(paths.length).toBeGreaterThan(200);
    const missed: string[] = [];
    const left = [...paths];
    const next = async () => {
      for (let path = left.pop(); path; path = left.pop()) {
        const { code } = await verify(altered(pack, path));
        if (code !== 1) missed.push(path.join('.'));
      }
    };
    await Promise.all([next(), next(), next()]);
    expect(missed).toEqual([]);
  }, 300_000);

  const again = (content: EvidenceContent): EvidencePack => key.sign(content);
  const within = (...path: Path) => altered(pack.content, path);
  const rewriteEvent = (action: string, from: string, to: string): EvidenceContent => {
    const at = pack.content.events.findIndex(({ text }) => text.includes(`"${action}"`));
    return altered(pack.content, ['events', at, 'text'], (text) => {
      expect(text).toContain(from);
      return String(text).replace(from, to);
    });
  };

  it.each([
    ['a sealed amount', () => altered(pack.content, ['entry', 'leaf'], moreMoney)],
    ['an amount in words', () => within('journal', 'postings', 0, 'amount')],
    ['a fee', () => within('contract', 'fees', 0, 'amount')],
    ['the net amount', () => within('contract', 'terms', 'netAmount')],
    ['the root of the chunk', () => within('seal', 'root')],
    ['the way to it', () => within('entry', 'path', 0, 'after')],
    ['the number of the shard', () => within('seal', 'shard')],
    ['a daily root', () => within('roots', 0, 'journalsRoot')],
    ['who approved', () => rewriteEvent('ticket.approve', '"approver"', '"operator"')],
    ['who cut the day', () => rewriteEvent('command.applied', '"operator"', '"approver"')],
    ['a link of the chain', () => within('segments', 0, 'contents', 1)],
    ['the history', () => altered(pack.content, ['runs', 0, 'history'], otherByte)],
    ['the code that it ran on', () => within('runs', 0, 'bundleHash')],
    ['the hash of the archive', () => within('runs', 0, 'sha256')],
    ['a daily root left out', () => ({ ...pack.content, roots: [] })],
    ['the run left out', () => ({ ...pack.content, runs: [] })],
  ])('does not hold with %s altered, even signed anew with the same key', async (_, alter) => {
    const { code, err } = await verify(again(alter()));
    expect([code, err]).toEqual([1, expect.stringContaining('This does not hold:')]);
  });
});

const moreMoney = (leaf: unknown): string => {
  const text = Buffer.from(String(leaf), 'base64').toString('latin1');
  const more = text.replace(/(\d)\n/, (_, digit: string) => `${digit}1\n`);
  return Buffer.from(more, 'latin1').toString('base64');
};
const otherByte = (history: unknown): string => {
  const bytes = Buffer.from(String(history), 'base64');
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  return bytes.toString('base64');
};

describe('after the next day cut', () => {
  it('the events that came after the first one are bound as well', async () => {
    expect(pack.content.segments.map(({ rootNo }) => rootNo)).toEqual([2, null]);
    await new DayDesk(stage.operator, TUE_2025_12_23).clear();
    const later = await auditor.get<EvidencePack>(evidencePath(journalId));
    expect(later.content.segments.map(({ rootNo }) => rootNo)).toEqual([2, 3]);
    expect(later.content.roots).toHaveLength(3);
    expect((await verify(later)).code).toBe(0);
  });
});
