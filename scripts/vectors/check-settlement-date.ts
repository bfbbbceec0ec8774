import { settlementDatesOf } from '../../domain/calendar/settlement-date.ts';
import { isNotCovered } from './check-fee.ts';
import { outcomeOf, unsupported, type Outcome } from './outcome.ts';
import type { ReferenceData } from './reference-data.ts';
import { dateOf, optionalTextOf, textOf, type Fields } from './vector-fields.ts';

/** Compares the cash settlement date. Throws MalformedVector with the field. */
export function checkSettlementDate(fields: Fields, data: ReferenceData): Outcome {
  const market = textOf(fields, 'market');
  const tradeDate = dateOf(fields, 'tradeDate');
  const expected = dateOf(fields, 'expected');
  // Only options have a cycle of their own, and only if the vector says that it is about one.
  const instrumentType = optionalTextOf(fields, 'instrumentType') ?? null;
  const calendars = data.calendars.get(market);
  if (calendars === undefined) return unsupported(`no calendar of market ${market}`);
  try {
    const { cash } = settlementDatesOf(calendars, data.settlementCycles, {
      instrumentType,
      tradeDate,
    });
    return outcomeOf(cash === expected ? [] : [{ line: 'settlementDate', expected, got: cash }]);
  } catch (error) {
    if (isNotCovered(error)) return unsupported(error.message);
    throw error;
  }
}
