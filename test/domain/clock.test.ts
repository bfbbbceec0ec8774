import { describe, expect, it } from 'vitest';
import { clockFrom, clockStartedAt } from '../../domain/clock.ts';

const NOON = '2025-12-22T12:00:00.000Z';

describe('clockFrom', () => {
  it('stands still at an instant', () => {
    const clock = clockFrom(NOON);
    expect([clock.now().toISOString(), clock.now().toISOString()]).toEqual([NOON, NOON]);
  });

  it('reads the offset of an instant', () => {
    expect(clockFrom('2025-12-22T20:00+08:00').now().toISOString()).toBe(NOON);
  });

  it('starts at an instant and runs', () => {
    const first = clockFrom(`${NOON}+`).now().getTime();
    expect(first).toBeGreaterThanOrEqual(Date.parse(NOON));
  });

  it('is the same for two processes that share its anchor', () => {
    const anchored = `${NOON}+@${new Date(Date.now() - 90_000).toISOString()}`;
    expect(clockFrom(anchored).now().getTime()).toBeGreaterThanOrEqual(Date.parse(NOON) + 90_000);
  });

  it.each(['', 'now', '2025-12-22', '2025-12-22T12:00:00', '2025-13-45T12:00:00Z', `${NOON}+@`])(
    'refuses "%s"',
    (text) => {
      expect(() => clockFrom(text)).toThrow(RangeError);
    },
  );
});

describe('clockStartedAt', () => {
  it('gives a clock that runs the moment at which it started, once', () => {
    const moment = new Date('2026-07-10T08:00:00.000Z');
    const anchored = `${NOON}+@2026-07-10T08:00:00.000Z`;
    expect(clockStartedAt(`${NOON}+`, moment)).toBe(anchored);
    for (const text of ['system', NOON, anchored]) expect(clockStartedAt(text, moment)).toBe(text);
  });
});
