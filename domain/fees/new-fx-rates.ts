import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal } from '../money/decimal.ts';
import type { FxRate } from './fx-rate.ts';

export type FxRateDraft = Pick<FxRate, 'validFrom' | 'rate'>;

/**
 * The rates that drafts of one pair become, each the next version of its day. Throws BAD_REQUEST
 * with the row and the field of every one that cannot be: then none is entered.
 */
export function newFxRates(
  pair: Pick<FxRate, 'from' | 'to'>,
  drafts: { readonly source: string; readonly rates: readonly FxRateDraft[] },
  known: readonly FxRate[],
): readonly Omit<FxRate, 'rateId'>[] {
  if (pair.from === pair.to)
    throw refused([{ field: '/target/to', message: 'is the same as from' }]);
  const days = drafts.rates.map(({ validFrom }) => validFrom);
  const faults = drafts.rates.flatMap(({ validFrom, rate }, row) => [
    ...(new Decimal(rate).isZero()
      ? [{ field: `/payload/rates/${row}/rate`, message: 'has to be above zero' }]
      : []),
    ...(days.indexOf(validFrom) < row
      ? [{ field: `/payload/rates/${row}/validFrom`, message: 'is the day of a row above' }]
      : []),
  ]);
  if (faults.length > 0) throw refused(faults);
  return drafts.rates.map((draft) => {
    const versions = known.filter(({ validFrom }) => validFrom === draft.validFrom);
    const version = Math.max(0, ...versions.map((each) => each.version)) + 1;
    return { ...pair, ...draft, version, source: drafts.source };
  });
}

const refused = (
  faults: readonly { readonly field: string; readonly message: string }[],
): ClearingError =>
  new ClearingError('BAD_REQUEST', { errors: faults.map((fault) => ({ in: 'body', ...fault })) });
