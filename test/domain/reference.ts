import type { MarketCalendars } from '../../domain/calendar/market-calendars.ts';
import { loadReferenceData } from '../../scripts/vectors/reference-data.ts';

/** The rules and calendars that the sample broker is seeded with. */
export const referenceData = loadReferenceData();

function calendarsOf(market: string): MarketCalendars {
  const calendars = referenceData.calendars.get(market);
  if (calendars === undefined) throw new Error(`no calendars of ${market}`);
  return calendars;
}

export const HK = calendarsOf('HK');
export const US = calendarsOf('US');
