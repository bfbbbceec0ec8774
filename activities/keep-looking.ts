const AGAIN_AFTER_MS = 5_000;

/**
 * Looks at once and again every few seconds, until the returned function is called, whether there
 * is something to mend. What fails is told and looked for again. `look` must be safe to repeat.
 */
export function keepLooking(
  look: () => Promise<unknown>,
  onError: (error: unknown) => void,
): () => void {
  const once = () => void look().catch(onError);
  const looking = setInterval(once, AGAIN_AFTER_MS);
  once();
  return () => clearInterval(looking);
}
