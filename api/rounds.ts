const ROUND_EVERY_MS = 1_000;

/**
 * Does `work` again and again, one round at a time, until the returned function is called; that
 * resolves when the round under way has ended. A round that fails is reported, and the next comes.
 */
export function startRounds(
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let round: Promise<void> = Promise.resolve();
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    round = work()
      .catch(onError)
      .finally(() => {
        isBusy = false;
      });
  }, ROUND_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await round;
  };
}
