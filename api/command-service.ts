import { createHash } from 'node:crypto';
import { noteOrigin } from '../db/audit.repository.ts';
import {
  findCommand,
  recordCommand,
  refuseCommand,
  type CommandRow,
} from '../db/commands.repository.ts';
import type { Db } from '../db/client.ts';
import { loadDayFacts, loadFlow, loadFlowsOf } from '../db/flows.repository.ts';
import { openLedgerDateRow } from '../db/ledger-dates.repository.ts';
import { assertKeyOfCommand, lockKey } from '../db/request-answers.repository.ts';
import { inTransaction, type Transaction } from '../db/transaction.ts';
import { confirmTokenOf, dayCutRefusal } from '../domain/clearing/day-cut-guard.ts';
import { refusalOf, type Refusal } from '../domain/clearing/guards.ts';
import type { AssetRollback, SupplementsOption } from '../domain/clearing/revoke-rules.ts';
import type { StepId } from '../domain/clearing/steps.ts';
import type { Clock } from '../domain/clock.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { isErrorCode } from '../domain/errors/error-catalogue.ts';
import type { DeliverCommand } from '../temporal/command-delivery.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import { OUTCOME_WAIT_MS, until } from './outcome-wait.ts';
import type { CommandAnswer, CommandRequest, CommandService } from './ports.ts';

interface Dependencies {
  readonly db: Db;
  readonly deliver: DeliverCommand;
  readonly clock: Clock;
  readonly commandTtlMs: number;
}

/**
 * Writes a command down, hands it to its workflow and answers with what PostgreSQL then says. Safe
 * to repeat under the same id: a known command is never written or judged again, only answered, and
 * delivered once more while it is undecided.
 */
export function createCommandService(deps: Dependencies): CommandService {
  return {
    async submit(request) {
      const { row, isRepeated } = await writeDown(deps, request);
      if (row.status !== 'RECORDED') return answerOf(row, isRepeated);
      await deliverRow(deps, row);
      return outcomeOf(deps.db, request.commandId, isRepeated);
    },
    async deliver(commandId) {
      const row = await findCommand(deps.db, commandId);
      if (row?.status === 'RECORDED') await deliverRow(deps, row);
    },
  };
}

/** The digest of what was asked; the same key with another digest is another request. */
const hashOf = ({ kind, ledgerDate, flow, person, revision, payload }: CommandRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([kind, ledgerDate, flow, person, revision ?? null, payload]))
    .digest('hex');

function assertSameRequest(known: CommandRow, payloadHash: string): void {
  if (known.payloadHash === payloadHash) return;
  throw new ClearingError('IDEMPOTENCY_KEY_REUSED', {
    idempotencyKey: known.commandId,
    usedFor: { kind: known.kind, ledgerDate: known.ledgerDate, flow: known.flow },
    usedAt: new Date(known.recordedAt).toISOString(),
  });
}

/**
 * Judges the command on PostgreSQL and records it, refused or to be delivered. A twin request waits
 * at the lock of their key and then finds the row, so it is never judged beside what the first did.
 */
async function writeDown(
  deps: Dependencies,
  request: CommandRequest,
): Promise<{ readonly row: CommandRow; readonly isRepeated: boolean }> {
  const { commandId } = request;
  const payloadHash = hashOf(request);
  return inTransaction(deps.db, async (t) => {
    await lockKey(t, commandId);
    const known = await findCommand(t.tx, commandId);
    if (known) {
      assertSameRequest(known, payloadHash);
      return { row: known, isRepeated: true };
    }
    await assertKeyOfCommand(t, commandId);
    await noteOrigin(t.tx, request.origin);
    const refusal = await judge(t, request, deps.clock.now());
    const command = {
      commandId,
      kind: request.kind,
      ledgerDate: request.ledgerDate,
      flow: request.flow,
      person: request.person,
      payload: { ...request.payload },
      payloadHash,
      revisionSeen: request.revision ?? null,
      // The host's own time, not the clock port: it is compared with Temporal's, which is real.
      expiresAt: new Date(Date.now() + deps.commandTtlMs).toISOString(),
    };
    return { row: await recordCommand(t.tx, command, refusal), isRepeated: false };
  });
}

async function judge(
  t: Transaction,
  request: CommandRequest,
  now: Date,
): Promise<Refusal | undefined> {
  if (request.kind === 'dayCut') {
    const flows = await loadFlowsOf(t.tx, request.ledgerDate);
    if (flows.length === 0)
      throw new ClearingError('NOT_FOUND', { ledgerDate: request.ledgerDate });
    const open = await openLedgerDateRow(t.tx);
    return dayCutRefusal({
      ledgerDate: request.ledgerDate,
      isOpenDate: open?.ledgerDate === request.ledgerDate,
      flows,
      confirmToken: confirmTokenOf(request.ledgerDate, flows),
      confirmTokenSeen: request.payload['confirmToken'] as string | undefined,
    });
  }
  const flow = await loadFlow(t.tx, request);
  const command = { ...request, ...parametersOf(request.payload) };
  return refusalOf(command, flow, await loadDayFacts(t.tx, request, now));
}

/** The command of a row, as it travels. */
const commandOf = (row: CommandRow, flowRevision: number): FlowCommand => ({
  commandId: row.commandId,
  kind: row.kind,
  person: row.person,
  revision: row.revisionSeen ?? undefined,
  flowRevision,
  expiresAt: new Date(row.expiresAt).toISOString(),
  ...parametersOf(row.payload),
});

const parametersOf = (payload: Readonly<Record<string, unknown>>) => ({
  step: payload['step'] as StepId | undefined,
  assetRollback: payload['assetRollback'] as AssetRollback | undefined,
  supplements: payload['supplements'] as SupplementsOption | undefined,
});

/**
 * One delivery of a recorded command. Safe to repeat: the command id is the update id. A refusal by
 * the validator is written here, since a validator can write nothing. It is final even if a
 * repeated delivery were accepted later: openStep applies only what is still RECORDED.
 */
export async function deliverRow(
  deps: Pick<Dependencies, 'db' | 'deliver'>,
  row: CommandRow,
): Promise<void> {
  const { revision } = await loadFlow(deps.db, row);
  const delivery = await deps.deliver(row, commandOf(row, revision));
  if (delivery.kind !== 'refused') return;
  const { refusal } = delivery;
  await inTransaction(deps.db, ({ tx }) => refuseCommand(tx, row.commandId, refusal));
}

/** Waits a moment for the flow's own activity to write the outcome. */
async function outcomeOf(db: Db, commandId: string, repeated: boolean): Promise<CommandAnswer> {
  const final = await until(Date.now() + OUTCOME_WAIT_MS, async () => {
    const row = await findCommand(db, commandId);
    return row?.status === 'RECORDED' ? undefined : row;
  });
  return final ? answerOf(final, repeated) : { kind: 'undecided' };
}

function answerOf(row: CommandRow, repeated: boolean): CommandAnswer {
  if (row.status === 'APPLIED') return { kind: 'applied', repeated };
  const code = row.code && isErrorCode(row.code) ? row.code : 'COMMAND_EXPIRED';
  return { kind: 'refused', repeated, code, details: row.details ?? {} };
}
