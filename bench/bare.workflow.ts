import { condition, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';

/** As many activities one after another as a clearing needs, and nothing else. */
export const runBare = defineUpdate<number, [count: number]>('runBare');
export const BARE_QUEUE = 'bench-bare';
export const BARE_ACTIVITY_QUEUE = 'bench-bare-activities';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({
  taskQueue: BARE_ACTIVITY_QUEUE,
  startToCloseTimeout: '1 minute',
});

/** Waits for commands like a clearing flow does; terminated by the bench. */
export async function bareActivities(): Promise<void> {
  setHandler(runBare, async (count) => {
    for (let done = 0; done < count; done += 1) await nothing();
    return count;
  });
  await condition(() => false);
}
