import Type from 'typebox';
import { ROUNDING_MODES } from '../domain/money/rounding.ts';
import { INSTRUMENT_TYPES, TRADE_STAGES } from '../domain/trades/trade.ts';
import { Day, oneOf, strict } from './payload-fields.ts';

/*
 * The shape of what people write down of a fee; what the values have to be together is said by
 * domain/fees.
 */

export const Name = Type.String({ minLength: 1, maxLength: 64 });
const Decimal = Type.String({ pattern: String.raw`^\d{1,18}(\.\d{1,18})?$` });
export const Channel = Type.Integer({ minimum: 0, maximum: 9 });
const Names = Type.Array(Name, { minItems: 1, maxItems: 1000, uniqueItems: true });
export const InstrumentTypes = Type.Array(oneOf(INSTRUMENT_TYPES), {
  minItems: 1,
  uniqueItems: true,
});

const DATES = { effectiveFrom: Day, effectiveTo: Type.Optional(Day) };
const Rounding = strict({ mode: oneOf(ROUNDING_MODES), increment: Decimal });

/** Unknown conditions are refused; all of them together have to hold. */
const Conditions = strict({
  channels: Type.Optional(Type.Array(Channel, { minItems: 1, uniqueItems: true })),
  stages: Type.Optional(Type.Array(oneOf(TRADE_STAGES), { minItems: 1, uniqueItems: true })),
  instruments: Type.Optional(Names),
  accounts: Type.Optional(Names),
});

const BOUNDS = {
  threshold: Type.Optional(Decimal),
  min: Type.Optional(Decimal),
  max: Type.Optional(Decimal),
  capRate: Type.Optional(Decimal),
  minBeatsMax: Type.Optional(Type.Literal(true)),
  minWaivedFor: Type.Optional(InstrumentTypes),
  floorPerLine: Type.Optional(Decimal),
  exemptTypes: Type.Optional(
    Type.Array(strict({ type: oneOf(INSTRUMENT_TYPES), from: Type.Optional(Day) })),
  ),
  exemptByInstrumentFlag: Type.Optional(Type.Literal(true)),
  conditions: Type.Optional(Conditions),
  mandatory: Type.Optional(Type.Literal(true)),
  currency: Name,
  note: Type.Optional(Type.String({ maxLength: 500 })),
};

const MATCH = {
  sides: oneOf(['BUY', 'SELL', 'BOTH']),
  instrumentTypes: Type.Optional(InstrumentTypes),
};
const Divisor = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const COUNTING = { unit: Name, divisor: Type.Optional(Divisor), rounding: Rounding };

export const RuleDraft = strict({
  ...DATES,
  ...MATCH,
  ...COUNTING,
  formula: Type.Object({ kind: Name }),
  ...BOUNDS,
});

const ProgressiveTier = strict({
  gt: Decimal,
  lte: Type.Union([Decimal, Type.Null()]),
  rate: Decimal,
  min: Type.Optional(Decimal),
});
const MonthlyTier = strict({ upTo: Type.Union([Decimal, Type.Null()]), rate: Decimal });

/** Terms of a scenario; a rounding of their own takes the place of the scenario's. */
export const Terms = strict({
  ...DATES,
  rate: Type.Optional(Decimal),
  tiers: Type.Optional(Type.Array(ProgressiveTier, { minItems: 1, maxItems: 100 })),
  monthlyTiers: Type.Optional(Type.Array(MonthlyTier, { minItems: 1, maxItems: 100 })),
  monthlyMode: Type.Optional(Name),
  rounding: Type.Optional(Rounding),
  ...BOUNDS,
});

export const ScenarioDraft = strict({
  effectiveFrom: Day,
  market: Name,
  feeCode: Name,
  ...MATCH,
  metric: Name,
  feeCodes: Type.Optional(Names),
  ...COUNTING,
});
