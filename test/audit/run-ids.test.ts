import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import { connect, type Db } from '../../db/client.ts';
import { asWorkflowRun, inTransaction } from '../../db/transaction.ts';
import { freshDatabase } from '../support/database.ts';

describe('events that an activity writes', () => {
  let db: Db;
  beforeAll(async () => {
    // One connection, so that what one transaction sets could be seen by the next.
    db = connect(await freshDatabase(), { poolSize: 1 });
  });
  afterAll(() => db.$client.end());

  const write = (targetId: string, fails = false): Promise<void> =>
    inTransaction(db, async ({ tx }) => {
      await recordAuditEvent(tx, {
        person: 'system',
        action: 'test.written',
        outcome: 'ACCEPTED',
        targetType: 'test',
        targetId,
      });
      if (fails) throw new Error('undone');
    });

  it('name its run, and those of others do not', async () => {
    await write('before');
    await asWorkflowRun("run '1'", async () => {
      await write('first');
      await expect(write('undone', true)).rejects.toThrow('undone');
      await write('second');
    });
    await write('after');
    const { rows } = await db.$client.query(
      'SELECT target_id AS id, run_id AS run FROM audit_events ORDER BY event_id',
    );
    expect(rows).toEqual([
      { id: 'before', run: null },
      { id: 'first', run: "run '1'" },
      { id: 'second', run: "run '1'" },
      { id: 'after', run: null },
    ]);
  });
});
