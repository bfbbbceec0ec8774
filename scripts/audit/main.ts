// What an auditor asks at the command line: see USAGE. It reads the archive in PostgreSQL; neither
// Temporal nor a worker has to run.
import { writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { connect, type Db } from '../../db/client.ts';
import {
  loadArchivedRun,
  loadReplayJob,
  readAuditRun,
  readAuditRuns,
  type AuditRunView,
} from '../../db/queries/audit-runs.ts';
import { readTimelineFacts } from '../../db/queries/timeline-facts.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { ReplayReport } from '../../domain/audit/replay.ts';
import { timelineOf } from '../../domain/audit/timeline.ts';
import { decodeHistory } from '../../temporal/history-bytes.ts';
import { storyOf } from '../../temporal/run-story.ts';
import { messageOf } from '../embedded/processes.ts';
import { openStore, type Store } from '../embedded/store.ts';
import { exportEvidence } from './export-evidence.ts';
import { UsageError } from '../launch/arguments.ts';
import { parseAuditArguments, USAGE, type AuditCommand } from './arguments.ts';

const WRONG_USAGE = 2;

const say = (line: string): void => console.log(line);
const remark = (line: string): void => console.error(line);

process.exitCode = await main();

/** The exit code: 0, 1 for a difference or trouble, 2 for a command line that is not understood. */
async function main(): Promise<number> {
  try {
    const command = parseAuditArguments(process.argv.slice(2));
    if (command.kind === 'help') {
      say(USAGE);
      return 0;
    }
    const store = await openStore(process.env, remark);
    const db = connect(store.url, { poolSize: 2, name: 'audit' });
    try {
      return (await carryOut(db, store, command)) ? 0 : 1;
    } finally {
      await db.$client.end();
      await store.close();
    }
  } catch (error) {
    remark(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : messageOf(error));
    return error instanceof UsageError ? WRONG_USAGE : 1;
  }
}

/** False when something differs. */
async function carryOut(
  db: Db,
  store: Store,
  command: Exclude<AuditCommand, { kind: 'help' }>,
): Promise<boolean> {
  switch (command.kind) {
    case 'list':
      return listRuns(db, command.date);
    case 'timeline':
      return tellRun(db, command.runId, command.language);
    case 'replay':
      return replayRuns(db, [await readAuditRun(db.$client, command.runId)]);
    case 'replayDate':
      return replayRuns(db, await runsOf(db, command.date));
    case 'export':
      return exportRun(db, command.runId, command.file);
    case 'evidence':
      return exportEvidence(db, store, command);
  }
}

async function runsOf(db: Db, ledgerDate?: BusinessDate): Promise<AuditRunView[]> {
  const runs: AuditRunView[] = [];
  let cursor: string | undefined;
  do {
    const page = await readAuditRuns(db.$client, { ledgerDate, limit: 500, cursor });
    runs.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return runs;
}

async function listRuns(db: Db, date: BusinessDate | undefined): Promise<true> {
  const runs = await runsOf(db, date);
  for (const run of runs) {
    const { runId, workflowId, closeStatus, events, startedAt, release, sha256 } = run;
    const at = startedAt.slice(0, 19).replace('T', ' ');
    const ended = closeStatus.padEnd(16);
    const of = `release ${release ?? '?'}`;
    say(
      `${runId}  ${workflowId.padEnd(28)} ${at}  ${ended} ${String(events).padStart(5)} events  ${of}  sha256 ${sha256.slice(0, 12)}…`,
    );
  }
  say(`${runs.length} archived runs${date === undefined ? '' : ` of ${date}`}.`);
  return true;
}

async function tellRun(db: Db, runId: string, language: 'en' | 'zhHans' | 'zhHant'): Promise<true> {
  const { workflowId } = await readAuditRun(db.$client, runId);
  const story = storyOf(decodeHistory((await loadArchivedRun(db, runId)).history));
  say(`${workflowId}, run ${runId}`);
  for (const line of timelineOf(story, await readTimelineFacts(db.$client, runId, story))) {
    const event = String(line.eventId).padStart(4);
    const process = line.process === null ? '' : `  [${line.process}]`;
    say(`${event}  ${line.at.replace('T', ' ')}  ${line.texts[language]}${process}`);
  }
  return true;
}

async function replayRuns(db: Db, runs: readonly AuditRunView[]): Promise<boolean> {
  // The worker and its native part are loaded only by who replays.
  const { quietReplay } = await import('./quiet-replay.ts');
  let differing = 0;
  for (const run of runs) {
    const report = await quietReplay(await loadReplayJob(db, run.runId));
    if (!report.ok) differing += 1;
    tellReport(run, report);
  }
  say(`${runs.length} replayed, ${differing} with differences.`);
  return differing === 0;
}

function tellReport({ workflowId, runId, sdkVersion }: AuditRunView, report: ReplayReport): void {
  const { ok, events, values, differences, sha256, replayerVersion } = report;
  say(`${ok ? 'same   ' : 'DIFFERS'}  ${workflowId}  ${runId}`);
  say(`         ${events} events replayed, ${values} values compared, sha256 ${sha256}`);
  if (sdkVersion !== replayerVersion) {
    say(`         ran on SDK ${sdkVersion ?? '?'}, replayed by ${replayerVersion}`);
  }
  for (const { what, eventId, recorded, found } of differences) {
    say(`         ${what}${eventId === null ? '' : ` (event ${eventId})`}`);
    say(`           archive: ${recorded ?? 'nothing'}`);
    say(`           found:   ${found ?? 'nothing'}`);
  }
}

async function exportRun(db: Db, runId: string, file: string): Promise<true> {
  const { history, sha256, workflowId } = await loadArchivedRun(db, runId);
  const isJson = file.endsWith('.json');
  writeFileSync(file, isJson ? historyToJSON(decodeHistory(history)) : history);
  say(`${workflowId}, run ${runId}, is in ${file}${isJson ? '' : `, sha256 ${sha256}`}.`);
  return true;
}
