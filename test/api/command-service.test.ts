import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordPause } from '../../activities/pause.ts';
import { createCommandService } from '../../api/command-service.ts';
import type { CommandRequest } from '../../api/ports.ts';
import { readCommand } from '../../db/queries/commands.ts';
import { clockFrom } from '../../domain/clock.ts';
import type { Delivery } from '../../temporal/command-delivery.ts';
import { AFTER_CUTOFF, MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

const HK = { ledgerDate: MON_2025_12_22, flow: 'HK' } as const;
const clock = clockFrom(AFTER_CUTOFF);

/** The service on PostgreSQL; only the workflow at the other end of a delivery is played. */
describe('the command service', () => {
  let api: ApiUnderTest;
  /** What becomes of a command that is delivered. */
  let deliver: (commandId: string) => Promise<Delivery>;
  beforeAll(async () => {
    api = await startApi();
    // HK waits for US.
    await query(`UPDATE flow_days SET mode = 'COMPLETED' WHERE flow = 'US'`);
  });
  beforeEach(async () => {
    await setMode('IDLE');
    deliver = async (commandId) => {
      await query(`UPDATE commands SET status = 'APPLIED' WHERE command_id = $1`, [commandId]);
      return { kind: 'accepted' };
    };
  });
  afterAll(() => api.close());

  const query = (text: string, values: unknown[] = []) => api.db.$client.query(text, values);
  const setMode = (mode: string) =>
    query(`UPDATE flow_days SET mode = $1 WHERE flow = 'HK'`, [mode]);
  const readiness = (more: Partial<CommandRequest> = {}): CommandRequest => ({
    ...HK,
    commandId: randomUUID(),
    kind: 'readiness',
    person: 'operator',
    origin: {
      person: 'operator',
      account: 'operator',
      permission: undefined,
      requestId: randomUUID(),
    },
    payload: {},
    ...more,
  });
  const service = (commandTtlMs = 60_000) =>
    createCommandService({
      db: api.db,
      clock,
      commandTtlMs,
      deliver: (_ref, command) => deliver(command.commandId),
    });
  const rowOf = (commandId: string) => readCommand(api.db.$client, commandId);
  /** Somebody waits for an advisory lock. */
  const lockAwaited = async (): Promise<void> => {
    for (;;) {
      const { rowCount } = await query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      if (rowCount !== 0) return;
      await pause(5);
    }
  };

  it('answers a repetition from the row, whatever the flow says by now', async () => {
    const request = readiness();
    expect(await service().submit(request)).toEqual({ kind: 'applied', repeated: false });
    await setMode('AUTO_RUNNING');
    expect(await service().submit(request)).toEqual({ kind: 'applied', repeated: true });
    const other = readiness({ commandId: request.commandId, person: 'operator2' });
    await expect(service().submit(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('a twin is answered from the row that the first one wrote, and never judged beside it', async () => {
    const request = readiness();
    const like = readiness();
    await service().submit(like);
    const first = await api.db.$client.connect();
    try {
      // The first one is about to write its row down.
      await first.query('BEGIN');
      await first.query('SELECT pg_advisory_xact_lock(7711, hashtext($1))', [request.commandId]);
      const twin = service().submit(request);
      await lockAwaited();
      await first.query(
        `INSERT INTO commands (command_id, kind, ledger_date, flow, person, payload, payload_hash,
           expires_at, status)
         SELECT $1, kind, ledger_date, flow, person, payload, payload_hash, expires_at, 'APPLIED'
         FROM commands WHERE command_id = $2`,
        [request.commandId, like.commandId],
      );
      // By now it would be refused.
      await first.query(`UPDATE flow_days SET mode = 'AUTO_RUNNING' WHERE flow = 'HK'`);
      await first.query('COMMIT');
      expect(await twin).toEqual({ kind: 'applied', repeated: true });
    } finally {
      first.release();
    }
  });

  it('a command that its workflow finds too old is EXPIRED, not REFUSED', async () => {
    deliver = async () => ({
      kind: 'refused',
      refusal: { code: 'COMMAND_EXPIRED', details: { expiresAt: 'then' } },
    });
    const request = readiness();
    const answer = await service().submit(request);
    expect(answer).toMatchObject({ kind: 'refused', code: 'COMMAND_EXPIRED', repeated: false });
    expect(await rowOf(request.commandId)).toMatchObject({
      status: 'EXPIRED',
      code: 'COMMAND_EXPIRED',
    });
  });

  it('a command that expired is not applied, though nobody had marked it yet', async () => {
    await setMode('AUTO_RUNNING');
    const request = readiness({ kind: 'pause' });
    deliver = async (commandId) => {
      const command = {
        commandId,
        kind: 'pause' as const,
        person: 'operator',
        flowRevision: 1,
        expiresAt: new Date(0).toISOString(),
      };
      const dependencies = { db: api.db, clock, cutoffTime: '17:30' };
      const flow = await recordPause(dependencies, HK, command);
      expect(flow.mode).toBe('AUTO_RUNNING');
      return { kind: 'accepted' };
    };
    const answer = await service(-1).submit(request);
    expect(answer).toMatchObject({ kind: 'refused', code: 'COMMAND_EXPIRED' });
    expect(await rowOf(request.commandId)).toMatchObject({ status: 'EXPIRED' });
  });

  it('a key is of one request, be it a command or an answer', async () => {
    const request = readiness();
    await service().submit(request);
    const supplement = (key: string) =>
      api.post(
        '/supplements',
        {
          ledgerDate: MON_2025_12_22,
          accountNo: '20000001',
          instrumentId: 'ST/HK/700',
          side: 'BUY',
          settlementChannel: 'CCASS',
          tradeDate: MON_2025_12_22,
          executions: [{ quantity: '100', price: '613.5' }],
        },
        { headers: { 'idempotency-key': key } },
      );
    const refused = await supplement(request.commandId);
    expect(refused.json()).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      details: { usedFor: { kind: 'readiness' } },
    });
    const key = randomUUID();
    expect((await supplement(key)).statusCode).toBe(200);
    await expect(service().submit(readiness({ commandId: key }))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      details: { usedFor: { kind: 'supplement' } },
    });
  });
});
