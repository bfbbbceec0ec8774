import { addDays, parseBusinessDate } from '../../domain/calendar/business-date.ts';
import type { SampleAccount } from './model.ts';
import { randomOf, type Random } from './random.ts';

const FIRST_OPENING = parseBusinessDate('2015-03-02');
const DAYS_OF_OPENINGS = 3_800;
const LAST_CLOSING = parseBusinessDate('2025-12-12');

const STATUS_WEIGHTS = [
  ['ACTIVE', 96],
  ['CLOSED', 2],
  ['FROZEN', 2],
] as const;
/** However few accounts there are, each status is among them. */
const FIXED_STATUS = { 5: 'CLOSED', 11: 'FROZEN' } as const;

const accountNoOf = (index: number): string => String(20_000_001 + index);

function accountOf(random: Random, index: number): SampleAccount {
  const drawn = random.weighted(STATUS_WEIGHTS);
  const status = index === 5 || index === 11 ? FIXED_STATUS[index] : drawn;
  const openedOn = addDays(FIRST_OPENING, random.int(0, DAYS_OF_OPENINGS));
  const closedDaysAgo = random.int(0, 60);
  return {
    accountNo: accountNoOf(index),
    kind: random.chance(0.3) ? 'MARGIN' : 'CASH',
    status,
    openedOn,
    closedOn: status === 'CLOSED' ? addDays(LAST_CLOSING, -closedDaysAgo) : null,
    tariff: random.chance(0.15) ? 'vip' : 'retail',
  };
}

export function sampleAccounts(seed: number, count: number): SampleAccount[] {
  const random = randomOf(seed, 'accounts');
  return Array.from({ length: count }, (_, index) => accountOf(random, index));
}

export const TINY_ACCOUNT_COUNT = 30;
/** Where the special accounts of the tiny broker stand. */
export const TINY_CLOSED = 27;
export const TINY_FROZEN = 28;
export const TINY_WITHOUT_SCHEDULE = 29;

/** Accounts whose kind, status and tariff follow from their number: easy to name in a test. */
export function tinyAccounts(): SampleAccount[] {
  return Array.from({ length: TINY_ACCOUNT_COUNT }, (_, index) => ({
    accountNo: accountNoOf(index),
    kind: index % 3 === 2 ? 'MARGIN' : 'CASH',
    status: index === TINY_CLOSED ? 'CLOSED' : index === TINY_FROZEN ? 'FROZEN' : 'ACTIVE',
    openedOn: FIRST_OPENING,
    closedOn: index === TINY_CLOSED ? LAST_CLOSING : null,
    tariff: index === TINY_WITHOUT_SCHEDULE ? null : index >= 20 ? 'vip' : 'retail',
  }));
}
