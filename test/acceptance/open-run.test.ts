import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Api } from './support/api.ts';
import { placeOrder } from './support/front-office.ts';
import { MON_2025_12_22, startTiny, type Stage } from './support/tiny-system.ts';

interface TimelineView {
  readonly lines: readonly { readonly kind: string; readonly texts: { readonly en: string } }[];
}

describe('a run that is open', () => {
  let stage: Stage;
  let auditor: Api;
  let runId: string;
  beforeAll(async () => {
    stage = await startTiny();
    auditor = await stage.as('auditor');
    await placeOrder(stage.operator, {
      accountNo: '20000001',
      instrumentId: 'ST/HK/700',
      tradeDate: MON_2025_12_22,
    });
    await stage.day.flow('US').clear();
    await stage.day.flow('HK').clear();
    // Where an auditor finds it: every event that a workflow wrote names its run.
    const [event] = await auditor.list<{ runId: string }>(
      `/audit/events?ledgerDate=${MON_2025_12_22}&action=command.applied&targetId=${MON_2025_12_22}/HK`,
    );
    runId = event!.runId;
  });
  afterAll(() => stage.stop());

  it('tells what it did so far, and that it is open', async () => {
    const timeline = await auditor.get<TimelineView>(`/audit/runs/${runId}/timeline`);
    expect(timeline).toMatchObject({
      workflowId: `clearing/${MON_2025_12_22}/HK`,
      runId,
      ledgerDate: MON_2025_12_22,
      closeStatus: 'RUNNING',
      closedAt: null,
      archivedAt: null,
      sha256: null,
      release: '0.1.0',
      nextRunId: null,
    });
    const told = timeline.lines.map(({ texts }) => texts.en);
    for (const words of [
      /asked for readiness: APPLIED\.$/,
      /^Readiness is PASSED, in /,
      /asked for one-click clearing: APPLIED\.$/,
      /^Data synchronization opened as step run \d+, pass 1, in /,
      /^Clearing posting, step run \d+: shard 1\/1, 1 rows, in /,
      /^Clearing posting closed, its assertions held, in /,
    ]) {
      expect(told).toContainEqual(expect.stringMatching(words));
    }
    expect(timeline.lines.map(({ kind }) => kind)).not.toContain('closed');
  });

  it('is not replayed before it is archived, nor listed with those that are', async () => {
    const path = `/audit/runs/${runId}/replay`;
    const asked = await auditor.ask<{ code: string }>('POST', path, { body: {} });
    expect([asked.status, asked.body.code]).toEqual([404, 'RUN_NOT_ARCHIVED']);
    expect(await auditor.list(`/audit/runs?ledgerDate=${MON_2025_12_22}`)).toEqual([]);
  });

  it('is for auditors', async () => {
    const asked = await stage.operator.ask('GET', `/audit/runs/${runId}/timeline`);
    expect(asked.status).toBe(403);
  });
});
