import { parseBusinessDate, type BusinessDate } from '../../../../domain/calendar/business-date.ts';

/** A small generator of its own, so that a seed repeats a run on any machine. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A whole number from 0 up to, not including, the bound. */
  below(bound: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * bound);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Plain digits: up to so many before the point, and exactly so many or fewer behind it. */
  decimal(digits: number, places: number): string {
    const head = String(this.below(10 ** Math.min(digits, 9)));
    const more = digits > 9 ? String(this.below(10 ** (digits - 9))).padStart(digits - 9, '0') : '';
    const kept = this.below(places + 1);
    if (kept === 0) return stripped(head + more);
    const tail = Array.from({ length: kept }, () => this.below(10)).join('');
    return `${stripped(head + more)}.${tail}`;
  }
}

const stripped = (digits: string): string => digits.replace(/^0+(?=\d)/, '');

/** The day so many days after another. */
export function dayAfter(day: BusinessDate, days: number): BusinessDate {
  const instant = new Date(`${day}T00:00:00Z`);
  instant.setUTCDate(instant.getUTCDate() + days);
  return parseBusinessDate(instant.toISOString().slice(0, 10));
}
