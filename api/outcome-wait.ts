import { setTimeout as pause } from 'node:timers/promises';

/** How long a request waits for an outcome that somebody else writes; then the caller asks later. */
export const OUTCOME_WAIT_MS = 5_000;
const OUTCOME_POLL_MS = 10;

/** Asks until there is an answer: that one, or undefined when there was none by the deadline. */
export async function until<T>(
  deadline: number,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || Date.now() >= deadline) return answer;
    await pause(OUTCOME_POLL_MS);
  }
}
