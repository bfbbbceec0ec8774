/** The one place time comes from. Rules take an instant as an argument; only edges ask a clock. */
export interface Clock {
  now(): Date;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function parseInstant(text: string): number {
  const instant = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) {
    throw new RangeError(
      `not a clock: "${text}". Use system, an instant like 2025-12-22T12:00:00Z (time stands ` +
        'still), or the same with a + behind it (time starts there and runs)',
    );
  }
  return instant;
}

/**
 * `system` is the host's clock; an ISO instant with its offset stands still; `<instant>+` starts
 * there at this call and runs. `<instant>+@<instant>` runs too, and showed the first when the
 * host's clock showed the second: so several processes, and a restarted one, agree on the time.
 * Throws RangeError for anything else.
 */
export function clockFrom(text: string): Clock {
  if (text === 'system') return { now: () => new Date() };
  const running = /^(.*)\+(?:@(.*))?$/.exec(text);
  if (running?.[1] !== undefined) {
    const shown = parseInstant(running[1]);
    const at = running[2] === undefined ? Date.now() : parseInstant(running[2]);
    return { now: () => new Date(shown + (Date.now() - at)) };
  }
  const fixed = parseInstant(text);
  return { now: () => new Date(fixed) };
}

/** For several processes: a clock that starts somewhere and runs gets the moment it started at. */
export const clockStartedAt = (text: string, moment: Date): string =>
  text.endsWith('+') ? `${text}@${moment.toISOString()}` : text;
