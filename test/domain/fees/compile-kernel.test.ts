import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import type { FeeRule, RoundingPolicy } from '../../../domain/fees/fee-rule.ts';
import { anyRule } from './any-rule.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const RULE = anyRule({ formula: { kind: 'rate', rate: '0.00030' } });

const kernelOf = (changes: Partial<FeeRule>, roundingPolicy?: RoundingPolicy) =>
  compileTariff([{ ...RULE, ...changes }], {
    scheduleId: 'any',
    market: 'HK',
    instrumentType: 'ETF',
    stampDutyExempt: true,
    side: 'SELL',
    tradeDate: MON_2025_12_22,
    channel: null,
    feeUnit: 'account-day',
    ...(roundingPolicy === undefined ? {} : { roundingPolicy }),
  }).kernel;

const NONE = { mantissa: -1, scale: 0 };
const FREE = { mantissa: 0, scale: 0 };
const PLAIN = {
  basis: 'consideration',
  perExecution: false,
  isWaived: false,
  skipBelowAmount: false,
  factor: { mantissa: 3, scale: 4 },
  tiers: null,
  threshold: NONE,
  min: NONE,
  max: NONE,
  capRate: NONE,
  minBeatsMax: false,
  mode: 'half-up',
  places: 2,
  incrementCents: 1,
  floorCents: 0,
};
const tier = (gt: string, lte: string | null, rate: string, min?: string) => ({
  ...{ gt, lte, rate },
  ...(min === undefined ? {} : { min }),
});

describe('a line in safe integers', () => {
  it.each<[string, Partial<FeeRule>, object]>([
    ['a rate', {}, {}],
    [
      'an amount a million',
      { formula: { kind: 'perMillion', amount: '20.60' } },
      { factor: { mantissa: 206, scale: 7 } },
    ],
    [
      'a flat amount',
      { formula: { kind: 'flat', amount: '15.00' } },
      { basis: 'nothing', factor: { mantissa: 15, scale: 0 } },
    ],
    [
      'an amount a share, from a price on',
      { formula: { kind: 'perShare', amount: '0.1', skipBelowAmount: true } },
      { basis: 'quantity', factor: { mantissa: 1, scale: 1 }, skipBelowAmount: true },
    ],
    [
      'an amount a share',
      { formula: { kind: 'perShare', amount: '0.1' } },
      { basis: 'quantity', factor: { mantissa: 1, scale: 1 } },
    ],
    [
      'an amount a contract',
      { formula: { kind: 'perContract', amount: '2' } },
      { basis: 'quantity', factor: { mantissa: 2, scale: 0 } },
    ],
    [
      'an amount an order, of which there is one',
      { formula: { kind: 'perOrder', amount: '2' } },
      { basis: 'nothing', factor: { mantissa: 2, scale: 0 } },
    ],
    [
      'an amount an EMS order, of which there is one',
      { formula: { kind: 'perEmsOrder', amount: '2' } },
      { basis: 'nothing', factor: { mantissa: 2, scale: 0 } },
    ],
    [
      'an amount an execution',
      { formula: { kind: 'perExecution', amount: '2' } },
      { basis: 'executions', factor: { mantissa: 2, scale: 0 } },
    ],
    ['each execution', { unit: 'execution' }, { perExecution: true }],
    ['an exemption', { exemptByInstrumentFlag: true }, { isWaived: true }],
    [
      'bounds',
      { threshold: '1.5', min: '3.00', max: '100', capRate: '0.005', minBeatsMax: true },
      {
        threshold: { mantissa: 15, scale: 1 },
        min: { mantissa: 3, scale: 0 },
        max: { mantissa: 100, scale: 0 },
        capRate: { mantissa: 5, scale: 3 },
        minBeatsMax: true,
      },
    ],
    ['a minimum that is waived', { min: '3.00', minWaivedFor: ['ETF'] }, {}],
    [
      'tenths, up',
      { rounding: { mode: 'ceil', increment: '0.1' } },
      { mode: 'ceil', places: 1, incrementCents: 10 },
    ],
    [
      'whole units',
      { rounding: { mode: 'floor', increment: '1.00' } },
      { mode: 'floor', places: 0, incrementCents: 100 },
    ],
    ['a floor', { floorPerLine: '0.05' }, { floorCents: 5 }],
    [
      'a floor of what is free',
      { floorPerLine: '0.05', formula: { kind: 'rate', rate: '0' } },
      { factor: { mantissa: 0, scale: 0 } },
    ],
    [
      'tiers on the consideration, at the scales of all of them',
      {
        formula: {
          kind: 'amountTier',
          tiers: [tier('0', '1000.5', '0.001'), tier('1000.5', null, '0.02', '0.25')],
        },
      },
      {
        factor: NONE,
        tiers: {
          boundScale: 1,
          rateScale: 3,
          tiers: [
            { gt: 0, lte: 10005, rate: 1, min: FREE },
            { gt: 10005, lte: -1, rate: 20, min: { mantissa: 25, scale: 2 } },
          ],
        },
      },
    ],
    [
      'a tier on the shares',
      { formula: { kind: 'quantityTier', tiers: [tier('0', null, '1')] } },
      {
        basis: 'quantity',
        factor: NONE,
        tiers: {
          boundScale: 0,
          rateScale: 0,
          tiers: [{ gt: 0, lte: -1, rate: 1, min: FREE }],
        },
      },
    ],
  ])('%s', (_what, changes, differs) => {
    expect(kernelOf(changes)).toEqual([{ ...PLAIN, ...differs }]);
  });

  const LONG = '0.1234567890123456789';
  it.each<[string, Partial<FeeRule>, RoundingPolicy?]>([
    ['an annual divisor', { divisor: 365 }],
    [
      'a fee of fees',
      { unit: 'contract', formula: { kind: 'ofFees', rate: '1', feeCodes: ['X'] } },
    ],
    ['a remainder', { unit: 'contract', formula: { kind: 'remainder', totalFactor: '1.01' } }],
    ['orders of a month', { formula: { kind: 'orderTier', tiers: [{ upTo: null, flat: '1' }] } }],
    [
      'shares of a month',
      { formula: { kind: 'shareTier', tiers: [{ upTo: null, perShare: '1' }] } },
    ],
    [
      'turnover of a month',
      { formula: { kind: 'turnoverTier', mode: 'slab', tiers: [{ upTo: null, rate: '1' }] } },
    ],
    ['three digits', { rounding: { mode: 'half-up', increment: '0.001' } }],
    ['steps of five cents', { rounding: { mode: 'half-up', increment: '0.05' } }],
    ['a floor of half a cent', { floorPerLine: '0.005' }],
    ['a factor of many digits', { formula: { kind: 'rate', rate: LONG } }],
    ['a threshold of many digits', { threshold: LONG }],
    ['a minimum of many digits', { min: LONG }],
    ['a maximum of many digits', { max: LONG }],
    ['a cap of many digits', { capRate: LONG }],
    ['a maximum past doubles', { max: '9007199254740992' }],
    ['a tiny cap', { capRate: `0.${'0'.repeat(22)}1` }],
    [
      'a tier rate of many digits',
      { formula: { kind: 'amountTier', tiers: [tier('0', null, LONG)] } },
    ],
    [
      'a rate of many digits in one tier of two',
      { formula: { kind: 'amountTier', tiers: [tier('0', '1', '1'), tier('1', null, LONG)] } },
    ],
    [
      'a tier minimum of many digits',
      { formula: { kind: 'amountTier', tiers: [tier('0', null, '1', LONG)] } },
    ],
    [
      'a tier bound of many digits',
      { formula: { kind: 'amountTier', tiers: [tier('0', LONG, '1'), tier(LONG, null, '1')] } },
    ],
    [
      'a tier whose bound and rate have 23 decimals together',
      {
        formula: {
          kind: 'quantityTier',
          tiers: [tier('0', '0.000000000001', '0.00000000001'), tier('0.000000000001', null, '1')],
        },
      },
    ],
    [
      'executions that are added up',
      { unit: 'feeUnit' },
      { policyId: 'p', base: RULE.rounding, sumExecutions: true },
    ],
  ])('is none for %s, which Decimal prices', (_what, changes, policy) => {
    expect(kernelOf(changes, policy)).toBeNull();
  });

  it('goes up to the last whole number of a double and the last exact power of ten', () => {
    expect(kernelOf({ max: '9007199254740991' })?.[0]?.max.mantissa).toBe(9007199254740991);
    expect(kernelOf({ capRate: `0.${'0'.repeat(21)}1` })?.[0]?.capRate.scale).toBe(22);
    const tiers = [tier('0', '0.000000000001', '0.0000000001'), tier('0.000000000001', null, '1')];
    const [line] = kernelOf({ formula: { kind: 'quantityTier', tiers } }) ?? [];
    expect(line?.tiers).toMatchObject({ boundScale: 12, rateScale: 10 });
  });
});
