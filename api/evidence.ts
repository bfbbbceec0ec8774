import { loadArchivedRun, readAuditRun } from '../db/queries/audit-runs.ts';
import { readEvents, readHead, readRoots, readSegments } from '../db/audit/evidence-chain.ts';
import { readSealedEntry } from '../db/audit/evidence-entry.ts';
import {
  readDayCutIds,
  readRunIds,
  readShard,
  readStepRun,
  readTicketIds,
  type StepRunEvidence,
} from '../db/audit/evidence-work.ts';
import { readBill } from '../db/queries/contract-bills.ts';
import { readContract } from '../db/queries/contracts.ts';
import { readFees } from '../db/queries/fees.ts';
import { readJournal, type JournalView } from '../db/queries/journals.ts';
import { readSnapshot } from '../db/queries/rows.ts';
import { readTimelineFacts } from '../db/queries/timeline-facts.ts';
import type { Db } from '../db/client.ts';
import type { Transaction } from '../db/transaction.ts';
import {
  EVIDENCE_FORMAT,
  type EvidenceContent,
  type EvidenceRoot,
  type EvidenceRun,
} from '../domain/audit/evidence.ts';
import type { Moment } from '../domain/audit/moment.ts';
import { stepRunOf, timelineOf } from '../domain/audit/timeline.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { decodeHistory } from '../temporal/history-bytes.ts';
import { flowWorkflowId } from '../temporal/ids.ts';
import { storyOf } from '../temporal/run-story.ts';

interface Worked {
  readonly run: EvidenceRun;
  readonly commandIds: readonly string[];
}

/**
 * Everything that belongs to a ledger entry, as of one moment, ready to be signed. Throws NOT_FOUND
 * for an unknown journal, and EVIDENCE_INCOMPLETE while its date is not cut or its run not
 * archived.
 */
export async function gatherEvidence(
  db: Db,
  ledgerDate: BusinessDate,
  journalId: number,
): Promise<EvidenceContent> {
  return readSnapshot(db, async (t) => {
    const journal = await readJournal(t.client, journalId);
    if (journal.ledgerDate !== ledgerDate) {
      throw new ClearingError('NOT_FOUND', { journalId, ledgerDate });
    }
    const { stepRunId } = journal;
    const roots = await readRoots(t.client);
    const root = roots.find((each) => binds(each, journal));
    const { entry, seal } = await readSealedEntry(t.client, journal, root);
    const stepRun = await readStepRun(t.client, stepRunId);
    const shard = await readShard(t.client, stepRunId, seal.shard);
    const worked = stepRun ? await workedRuns(t, stepRun) : [];
    if (worked.length === 0 && journal.sourceKind !== 'opening') {
      const missing = 'the archive of its workflow run';
      throw new ClearingError('EVIDENCE_INCOMPLETE', { journalId, missing });
    }
    const contract = await contractOf(t, journal);
    const events = await eventsOf(t, { journal, stepRun, worked, contract });
    const head = await readHead(t.client);
    return {
      format: EVIDENCE_FORMAT,
      madeAt: new Date().toISOString(),
      entry,
      seal,
      rootNo: root?.rootNo ?? 0,
      roots,
      journal,
      contract,
      stepRun: stepRun ? { ...stepRun, shard: shard ?? null } : null,
      runs: worked.map(({ run }) => run),
      events,
      segments: await readSegments(t.client, events, roots, head),
      head,
    };
  });
}

/** A date that was cut again has a second root; the first that includes the run is its own. */
const binds = (root: EvidenceRoot, { ledgerDate, stepRunId }: JournalView): boolean =>
  root.ledgerDate === ledgerDate && root.lastStepRunId >= stepRunId;

/** The runs of the flow that opened, worked or closed the step run. */
async function workedRuns({ tx, client }: Transaction, of: StepRunEvidence): Promise<Worked[]> {
  const worked: Worked[] = [];
  for (const runId of await readRunIds(client, flowWorkflowId(of))) {
    const archived = await loadArchivedRun(tx, runId);
    const story = storyOf(decodeHistory(archived.history));
    if (!story.some((moment) => stepRunOf(moment) === of.stepRunId)) continue;
    const { workflowId, closeStatus, sha256, sdkVersion, bundleHash, release } = await readAuditRun(
      client,
      runId,
    );
    const lines = timelineOf(story, await readTimelineFacts(client, runId, story));
    const timeline = lines.map(({ eventId, at, texts }) => ({ eventId, at, en: texts.en }));
    const history = archived.history.toString('base64');
    worked.push({
      run: {
        ...{ workflowId, runId, closeStatus, sha256, sdkVersion, bundleHash, release },
        history,
        timeline,
      },
      commandIds: story.flatMap(({ commandId }: Moment) => commandId ?? []),
    });
  }
  return worked;
}

type ContractEvidence = Awaited<ReturnType<typeof contractOf>>;

async function contractOf({ client }: Transaction, { sourceKind, sourceId }: JournalView) {
  if (sourceKind !== 'contract') return null;
  return {
    terms: await readContract(client, sourceId),
    fees: await readFees(client, sourceId),
    bill: await readBill(client, sourceId),
  };
}

async function eventsOf(
  { client }: Transaction,
  of: {
    readonly journal: JournalView;
    readonly stepRun: StepRunEvidence | undefined;
    readonly worked: readonly Worked[];
    readonly contract: ContractEvidence;
  },
) {
  const { journal, stepRun, worked, contract } = of;
  const ruleIds = contract?.fees.map(({ choice }) => choice.ruleId) ?? [];
  const isMerged = contract !== null && contract.terms.orderIds.length > 1;
  const runs = worked.map(({ run }) => run);
  return readEvents(client, {
    ledgerDate: journal.ledgerDate,
    stepRunId: journal.stepRunId,
    commandIds: [
      ...worked.flatMap(({ commandIds }) => commandIds),
      ...(stepRun?.commandId ? [stepRun.commandId] : []),
      ...(await readDayCutIds(client, journal.ledgerDate)),
    ],
    ticketIds: await readTicketIds(client, journal, {
      ruleIds,
      mergedBy: isMerged ? contract.terms.billingRunId : null,
    }),
    runIds: runs.map(({ runId }) => runId),
    bundleHashes: runs.flatMap(({ bundleHash }) => bundleHash ?? []),
    orderIds: contract?.terms.orderIds ?? [],
  });
}
