// Whether anybody altered what the audit log covers: see VERIFY_USAGE.
import { readFileSync } from 'node:fs';
import { verifyAudit, type AuditReport } from '../../db/audit/verify-audit.ts';
import { connect } from '../../db/client.ts';
import { exportedRootsOf, type ExportedRoots } from '../../domain/audit/exported-roots.ts';
import { messageOf } from '../embedded/processes.ts';
import { openStore } from '../embedded/store.ts';
import { UsageError } from '../launch/arguments.ts';
import { parseVerifyArguments, VERIFY_USAGE } from './verify-arguments.ts';

const WRONG_USAGE = 2;

/** One state of the database, however long it takes; sorts of whole dates go to disk. */
const ONE_STATE = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL work_mem = '64MB'; SET LOCAL jit = off`;

const say = (line: string): void => console.log(line);
const remark = (line: string): void => console.error(line);

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { roots, json, help } = parseVerifyArguments(process.argv.slice(2));
    if (help) {
      say(VERIFY_USAGE);
      return 0;
    }
    const report = await verify(roots === undefined ? undefined : readExport(roots));
    if (json) say(JSON.stringify(report, null, 2));
    else tell(report);
    return report.ok ? 0 : 1;
  } catch (error) {
    remark(error instanceof UsageError ? `${error.message}\n\n${VERIFY_USAGE}` : messageOf(error));
    return error instanceof UsageError ? WRONG_USAGE : 1;
  }
}

function readExport(file: string): ExportedRoots {
  try {
    return exportedRootsOf(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`);
  }
}

async function verify(exported: ExportedRoots | undefined): Promise<AuditReport> {
  const store = await openStore(process.env, remark);
  const db = connect(store.url, { poolSize: 1, name: 'verify-audit' });
  try {
    const client = await db.$client.connect();
    try {
      await client.query(ONE_STATE);
      return await verifyAudit(client, exported);
    } finally {
      // The connection ends with the command; a broken one must not hide why it broke.
      client.release(true);
    }
  } finally {
    await db.$client.end();
    await store.close();
  }
}

function tell({ ok, findings, counts }: AuditReport): void {
  say('Looked at');
  for (const [what, count] of Object.entries(counts)) {
    say(`  ${count.toLocaleString('en').padStart(14)}  ${what}`);
  }
  const isEmpty = counts['audit_events'] === 0;
  if (ok) say(isEmpty ? '\nNothing is recorded here yet.' : '\nEvery proof holds.');
  for (const [at, { table, key, fault, detail }] of findings.entries()) {
    say(`\n${at === 0 ? 'First bad row' : 'Also'}: ${table}, ${key}`);
    say(`  ${fault}: ${detail}`);
  }
}
