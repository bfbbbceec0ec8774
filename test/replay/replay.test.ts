import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { bundlePath, quietRuntime } from '../support/temporal.ts';
import { SCENARIOS } from './scenarios.ts';

const FOLDER = new URL('./histories/', import.meta.url);
/** `DAYCUT_RECORD=1 npx vitest run test/replay` writes the histories anew after a wanted change. */
const isRecording = process.env['DAYCUT_RECORD'] === '1';

interface Recorded {
  readonly workflowId: string;
  readonly history: unknown;
}

quietRuntime();

const replay = async (workflowId: string, history: unknown): Promise<void> => {
  const workflowBundle = { codePath: await bundlePath() };
  await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
};

const read = (file: string): Recorded =>
  JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Recorded;

describe('recorded histories', () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

  it('are those of eleven stories, since an empty folder would look like success', () => {
    expect(SCENARIOS).toHaveLength(11);
    const stories = new Set(files.map((file) => file.replace(/-\d+\.json$/, '')));
    expect([...stories].sort()).toEqual(SCENARIOS.map(({ name }) => name).sort());
    expect(files).toHaveLength(13);
  });

  it.each(files)('%s replays with the workflows of this commit', async (file) => {
    const { workflowId, history } = read(file);
    await replay(workflowId, history);
  });

  it('notices a workflow that no longer asks for the same activity', async () => {
    const { workflowId, history } = read('clean-day-0.json');
    const tampered = JSON.parse(
      JSON.stringify(history).replaceAll('"openStep"', '"openAnotherStep"'),
    ) as unknown;
    await expect(replay(workflowId, tampered)).rejects.toThrow(/openAnotherStep|does not match/);
  });
});

describe('a story on a real server', () => {
  it.each(SCENARIOS)('$name replays right after it happened', async (scenario) => {
    const { name } = scenario;
    const { bench, handles } = await scenario.play();
    try {
      for (const [index, handle] of handles.entries()) {
        const history = clean(JSON.parse(historyToJSON(await handle.fetchHistory())));
        await replay(handle.workflowId, history);
        if (isRecording) write(`${name}-${String(index)}.json`, handle.workflowId, history);
      }
    } finally {
      await bench.close();
    }
  });
});

const write = (file: string, workflowId: string, history: unknown): void =>
  writeFileSync(new URL(file, FOLDER), `${JSON.stringify({ workflowId, history }, null, 1)}\n`);

/** Stack traces name folders of the machine that recorded; replay does not read them. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'stackTrace')
      .map(([key, inner]) => [key, clean(inner)]),
  );
}
