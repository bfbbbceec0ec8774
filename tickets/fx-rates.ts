import Type from 'typebox';
import { addFxRates, isMarketCurrency, loadFxRates } from '../db/fx-rates.repository.ts';
import { lockFeeRules } from '../db/fee-rules.repository.ts';
import { currentLedgerDate } from '../db/ledger-dates.repository.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { newFxRates, type FxRateDraft } from '../domain/fees/new-fx-rates.ts';
import { Day, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

const Currency = Type.String({ pattern: '^[A-Z]{3}$' });

/** 收费汇率: rates of one pair by their first trade dates. A rate is corrected by another version. */
export const fxRates = ticketKind({
  key: 'billing.fx_rates.exec',
  name: { en: 'Exchange rates of fees', zhHans: '收费汇率', zhHant: '收費匯率' },
  targetType: 'fx_rate',
  target: strict({ from: Currency, to: Currency }),
  payload: strict({
    source: Type.String({ minLength: 1, maxLength: 200 }),
    rates: Type.Array(
      strict({
        validFrom: Type.Unsafe<BusinessDate>(Day),
        rate: Type.String({ pattern: String.raw`^\d{1,8}(\.\d{1,10})?$` }),
      }),
      { minItems: 1, maxItems: 400 },
    ),
  }),
  ask: 'billing.fee_rule_operation',
  see: 'clearing.ledger_query',

  async subject(t, { target, payload }, { lock }) {
    if (lock) await lockFeeRules(t);
    const known = await loadFxRates(t.tx, target);
    if (!(await isMarketCurrency(t.tx, target.to))) {
      const message = 'is no currency that a market trades in';
      throw new ClearingError('BAD_REQUEST', {
        errors: [{ in: 'body', field: '/target/to', message }],
      });
    }
    const rates = newFxRates(target, payload, known);
    const days = new Set(rates.map(({ validFrom }) => validFrom));
    return {
      targetId: `${target.from}/${target.to}`,
      version: `rate ${known.at(-1)?.rateId ?? 'none'}`,
      before: { rates: known.filter(({ validFrom }) => days.has(validFrom)).map(factsOf) },
      after: { rates: rates.map(factsOf), source: payload.source },
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload, maker, approvers }) {
      const knownFrom = await currentLedgerDate(t.tx);
      const rates = newFxRates(target, payload, await loadFxRates(t.tx, target));
      const by = { addedBy: maker, approvedBy: [...approvers], ticketId };
      const rateIds = await addFxRates(t.tx, rates, { ...by, knownFrom });
      return { rateIds };
    },
  },
});

const factsOf = ({ validFrom, rate, version }: FxRateDraft & { readonly version: number }) => ({
  validFrom,
  rate,
  version,
});
