import { readFileSync } from 'node:fs';
import {
  marketCalendarsOf,
  type CalendarFile,
  type MarketCalendars,
  type SettlementCycleRow,
} from '../../domain/calendar/market-calendars.ts';
import type { FeeRule, FeeSchedule, RoundingPolicy } from '../../domain/fees/fee-rule.ts';
import { parseFeeRuleFile } from '../../domain/fees/parse-fee-rules.ts';

/** The rules and calendars that the sample broker is seeded with. */
export interface ReferenceData {
  readonly rules: readonly FeeRule[];
  readonly schedules: ReadonlyMap<string, FeeSchedule>;
  readonly roundingPolicies: ReadonlyMap<string, RoundingPolicy>;
  readonly calendars: ReadonlyMap<string, MarketCalendars>;
  readonly settlementCycles: readonly SettlementCycleRow[];
}

const seedFile = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../db/seed/${name}`, import.meta.url), 'utf8'));

export function loadReferenceData(): ReferenceData {
  const fees = parseFeeRuleFile(seedFile('fee-rules.json'));
  const calendarFile = seedFile('calendars.json') as CalendarFile;
  return {
    rules: fees.rules,
    schedules: new Map(fees.schedules.map((schedule) => [schedule.scheduleId, schedule])),
    roundingPolicies: new Map(fees.roundingPolicies.map((policy) => [policy.policyId, policy])),
    calendars: marketCalendarsOf(calendarFile),
    settlementCycles: calendarFile.settlementCycles,
  };
}
