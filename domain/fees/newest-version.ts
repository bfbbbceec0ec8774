import type { BusinessDate } from '../calendar/business-date.ts';
import { compareText } from '../compare-text.ts';

/** A rule or a scenario: in force from a day on, until a newer version of it begins. */
interface DatedVersion {
  readonly effectiveFrom: BusinessDate;
  readonly version: number;
}

/** For a sort, the newest last: of the latest first day, the highest version. */
export const byAge = (a: DatedVersion, b: DatedVersion): number =>
  compareText(a.effectiveFrom, b.effectiveFrom) || a.version - b.version;

/** The version in force on a day. */
export const newestOn = <T extends DatedVersion>(
  versions: readonly T[],
  day: BusinessDate,
): T | undefined =>
  versions
    .filter(({ effectiveFrom }) => effectiveFrom <= day)
    .sort(byAge)
    .at(-1);
