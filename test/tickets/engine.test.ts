import { randomUUID } from 'node:crypto';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { advanceTicket } from '../../activities/tickets/advance-ticket.ts';
import { executeTicket } from '../../activities/tickets/execute-ticket.ts';
import { clearingErrors } from '../../activities/interceptors.ts';
import { writeDecision } from '../../api/tickets/decide-ticket.ts';
import { openTicket } from '../../api/tickets/open-ticket.ts';
import type { Asker } from '../../api/ports.ts';
import { connect, type Db } from '../../db/client.ts';
import { holderOfAccount } from '../../db/people.repository.ts';
import { seedPeople } from '../../db/seed/people.ts';
import { putApprovalFlow } from '../../db/ticket-flows.repository.ts';
import {
  approversFor,
  decisionsOf,
  loadTicket,
  loadTicketProgress,
} from '../../db/tickets.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import { clockFrom } from '../../domain/clock.ts';
import { isOpen, type DecisionKind } from '../../domain/tickets/ticket.ts';
import type { TicketNode } from '../../domain/tickets/ticket-flow.ts';
import { takeDecisions, type TicketState } from '../../domain/tickets/ticket-machine.ts';
import { poll } from '../../scripts/embedded/processes.ts';
import { TASK_QUEUES, ticketWorkflowId } from '../../temporal/ids.ts';
import { createWorkflowDoor, type TicketNews } from '../../temporal/workflow-door.ts';
import { freshDatabase } from '../support/database.ts';
import { bundlePath, freshNamespace } from '../support/temporal.ts';
import { makeNotes, NOTE_KEY, NOTE_KINDS, readNote } from './support/note-kind.ts';
import { node } from './support/ticket-desk.ts';

const TICKETS = 200;
const SENDERS = 12;

const FLOWS: readonly (readonly TicketNode[])[] = [
  [node('one')],
  [node('one'), node('two')],
  [node('all', { mode: 'ALL_OF', people: ['approver'] })],
  [node('any', { people: ['operator2'] }), node('two')],
];

const plans = fc.array(
  fc.record({
    who: fc.constantFrom('approver', 'approver2', 'operator', 'operator2', 'admin'),
    kind: fc.constantFrom<DecisionKind[]>(
      'approve',
      'approve',
      'approve',
      'reject',
      'withdraw',
      'close',
    ),
    times: fc.integer({ min: 2, max: 10 }),
  }),
  { minLength: 2, maxLength: 6 },
);

describe('200 tickets on the real engine', () => {
  const clock = clockFrom('system');
  let db: Db;
  let connection: Connection;
  let client: Client;
  let native: NativeConnection;
  let workers: Worker[] = [];
  let running: Promise<void>[] = [];
  const people = new Map<string, Asker>();

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    db = connect(await freshDatabase(), { poolSize: 16 });
    await seedPeople(db, { demo: true });
    await makeNotes(
      db,
      Array.from({ length: TICKETS }, (_, n) => `n${n}`),
    );
    for (const account of ['approver', 'approver2', 'operator', 'operator2', 'admin']) {
      const { personId, permissions } = (await holderOfAccount(db, account))!;
      people.set(account, { id: personId, account, permissions });
    }
    const address = inject('temporalAddress');
    const namespace = await freshNamespace();
    connection = await Connection.connect({ address });
    client = new Client({ connection, namespace });
    native = await NativeConnection.connect({ address });
    const shared = { connection: native, namespace };
    const deps = { db, kinds: NOTE_KINDS, clock };
    workers = await Promise.all([
      Worker.create({
        ...shared,
        taskQueue: TASK_QUEUES.control,
        workflowBundle: { codePath: await bundlePath() },
      }),
      Worker.create({
        ...shared,
        taskQueue: TASK_QUEUES.ops,
        interceptors: { activity: [clearingErrors] },
        activities: {
          advanceTicket: (ticketId: string) => advanceTicket(deps, ticketId),
          executeTicket: (ticketId: string) => executeTicket(deps, ticketId),
        },
      }),
    ]);
    running = workers.map((worker) => worker.run());
  });
  afterAll(async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await native.close();
    await connection.close();
    await db.$client.end();
  });

  async function open(n: number): Promise<string> {
    const definition = { nodes: FLOWS[n % FLOWS.length]!, autoApprove: false };
    return inTransaction(db, async (t) => {
      const flow = { ticketKey: NOTE_KEY, changedBy: 'system' };
      await putApprovalFlow(t, { ...flow, definition: { ...definition, expiresAfterMinutes: 60 } });
      const asked = { key: NOTE_KEY, target: { noteId: `n${n}` }, payload: { text: 'new' } };
      const request = { ...asked, reason: 'many', by: people.get('operator')! };
      return openTicket(t, NOTE_KINDS, request, clock.now());
    });
  }

  /** Writes what the plan wants and the rules allow; tells of each decision 2 to 10 times. */
  async function decide(ticketId: string): Promise<TicketNews[]> {
    const [plan = []] = fc.sample(plans, 1);
    const news: TicketNews[] = [];
    for (const { who, kind, times } of plan) {
      const by = people.get(who)!;
      const request = { requestId: randomUUID(), ticketId, kind, reason: 'because', by };
      const written = await inTransaction(db, (t) => writeDecision(t, NOTE_KINDS, request));
      if (written.kind !== 'written') continue;
      const { decisionId, node: at } = written;
      for (let n = 0; n < times; n += 1) news.push({ ticketId, kind, decisionId, node: at });
    }
    return news;
  }

  /** What the decisions make of the ticket, each taken once: no engine, no database. */
  async function expected(ticketId: string): Promise<TicketState> {
    const row = await loadTicket(db, ticketId);
    const start = { ...row, status: 'PENDING' as const, node: 0, consents: [], lastDecisionId: 0 };
    const rows = await decisionsOf(db, ticketId);
    const decisions = rows.map((each) => ({
      ...each,
      decidedAt: new Date(each.decidedAt).toISOString(),
    }));
    return takeDecisions(start, decisions, await approversFor(db, 'clearing.ledger_query')).ticket;
  }

  it('hints repeated and in any order leave what the decisions leave', async () => {
    const door = createWorkflowDoor(client, {
      flow: () => Promise.reject(new Error('no flow here')),
      ticket: (ticketId) => loadTicketProgress(db, ticketId),
    });
    const ids: string[] = [];
    for (let n = 0; n < TICKETS; n += 1) ids.push(await open(n));
    const news: TicketNews[] = [];
    for (const ticketId of ids) {
      await door.openTicket(ticketId);
      news.push(...(await decide(ticketId)));
    }
    const [queue = []] = fc.sample(fc.shuffledSubarray(news, { minLength: news.length }), 1);
    expect(queue.length).toBeGreaterThan(TICKETS * 4);
    const send = async (): Promise<void> => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const { ticketId, kind, decisionId, node: at } = next;
        const handle = client.workflow.getHandle(ticketWorkflowId(ticketId));
        await handle.signal(kind, { decisionId, node: at }).catch((error: unknown) => {
          // It has ended, so it has heard enough.
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, send));

    const statuses = new Set<string>();
    for (const ticketId of ids) {
      const { status, node: at, consents } = await expected(ticketId);
      const end = status === 'APPROVED' ? 'SUCCEEDED' : status;
      const row = await poll(`ticket ${ticketId} as ${end}`, 60_000, async () => {
        const found = await loadTicket(db, ticketId);
        if (found.status === end && (isOpen(found.status) || found.finalAt !== null)) return found;
        throw new Error(found.status);
      });
      expect(row.node).toBe(at);
      const rows = await decisionsOf(db, ticketId);
      expect(rows.filter(({ takenAt }) => takenAt === null)).toEqual([]);
      const counted = rows.filter((each) => each.counted === true && each.kind === 'approve');
      expect(counted.map(({ person }) => person)).toEqual(consents.map(({ person }) => person));
      const { effects } = await readNote(db, row.targetId);
      expect([row.status, effects]).toEqual([end, end === 'SUCCEEDED' ? 1 : 0]);
      statuses.add(end);
    }
    for (const seen of ['SUCCEEDED', 'REJECTED', 'WITHDRAWN', 'CLOSED', 'PENDING']) {
      expect(statuses).toContain(seen);
    }
  });

  it('a ticket that nobody decides is reminded, and then expires, by its own timers', async () => {
    const timeout = { afterMinutes: 1 / 60, action: 'REMIND' } as const;
    const ticketId = await inTransaction(db, async (t) => {
      const definition = {
        nodes: [node('slow', { timeout })],
        autoApprove: false,
        expiresAfterMinutes: 3.5 / 60,
      };
      await putApprovalFlow(t, { ticketKey: NOTE_KEY, changedBy: 'system', definition });
      await makeNotes(db, ['slow']);
      const asked = { key: NOTE_KEY, target: { noteId: 'slow' }, payload: { text: 'new' } };
      const request = { ...asked, reason: 'slow', by: people.get('operator')! };
      return openTicket(t, NOTE_KINDS, request, clock.now());
    });
    const door = createWorkflowDoor(client, {
      flow: () => Promise.reject(new Error('no flow here')),
      ticket: (id) => loadTicketProgress(db, id),
    });
    await door.openTicket(ticketId);
    const result: unknown = await client.workflow.getHandle(ticketWorkflowId(ticketId)).result();
    expect(result).toEqual({ status: 'EXPIRED', resultCode: 'TICKET_EXPIRED' });
    expect(await loadTicket(db, ticketId)).toMatchObject({ status: 'EXPIRED', reminders: 3 });
  });
});
