import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { DayDesk } from '../support/desk.ts';
import { MON_2025_12_22, startStage, TUE_2025_12_23, type Stage } from '../support/tiny-system.ts';

/** After the cutoff of Monday in Hong Kong, when New York's Monday has not begun. */
const MON_17_30_HK = '2025-12-22T17:30:00+08:00';
/** When New York's Monday has ended, hours before the cutoff of Tuesday in Hong Kong. */
const MON_17_00_NY = '2025-12-22T17:00:00-05:00';

let stage: Stage;
let databaseUrl: string;
const flowOfTuesday = (flow: string) => new DayDesk(stage.operator, TUE_2025_12_23).flow(flow);

beforeAll(async () => {
  databaseUrl = await freshDatabase('tiny');
  stage = await startStage(MON_2025_12_22, 'tiny', { databaseUrl, clock: MON_17_30_HK });
});
afterAll(() => stage.stop());

// The scenarios share the books and follow each other.
describe('the US flow of Tuesday, which clears Monday in New York', () => {
  it('cannot be cleared empty before that session is over', async () => {
    await stage.day.clear();
    const us = flowOfTuesday('US');
    await us.makeReady();
    expect(await us.start()).toMatchObject({
      status: 'REFUSED',
      code: 'CUTOFF_NOT_REACHED',
      details: { cutoffAt: '2025-12-22T21:00:00.000Z' },
    });
    expect(await us.runStep('sync')).toMatchObject({ code: 'CUTOFF_NOT_REACHED' });
    expect((await us.view()).allowedCommands).not.toContain('start');
  });

  it('can be once it is over, while Hong Kong waits for its cutoff', async () => {
    const { namespace } = stage.system;
    await stage.stop();
    const clock = MON_17_00_NY;
    stage = await startStage(TUE_2025_12_23, 'tiny', { databaseUrl, namespace, clock });
    await flowOfTuesday('US').clear();
    const hk = flowOfTuesday('HK');
    await hk.makeReady();
    expect(await hk.start()).toMatchObject({
      code: 'CUTOFF_NOT_REACHED',
      details: { cutoffAt: '2025-12-23T09:00:00.000Z' },
    });
  });
});
