import { describe, expect, it } from 'vitest';
import type { FeeFormula } from '../../../domain/fees/fee-rule.ts';
import { parseFeeRule, parseFeeRuleFile } from '../../../domain/fees/parse-fee-rules.ts';
import { isFormula, unknownFieldOf } from '../../../domain/fees/parse-formula.ts';
import { anyRule } from './any-rule.ts';

const RULE = anyRule({ formula: { kind: 'rate', rate: '0.001' } });

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    const { code, details } = error as { code: string; details: object };
    return { code, ...details };
  }
  return 'it was accepted';
}

describe('a field of a rule', () => {
  const rounding = (mode: unknown, increment: unknown) => ({ mode, increment });
  const AMOUNT = 'a decimal as text, not negative';
  const ROUNDING = 'a mode with an increment above zero as text';
  const CONDITIONS = 'lists under the names channels, stages, instruments, accounts';
  it.each<[string, unknown[], string]>([
    ['ruleId', ['1', 1.5, undefined], 'a whole number'],
    ['version', ['1', null], 'a whole number'],
    ['feeCode', ['', 7], 'a name'],
    ['market', ['', undefined], 'a name'],
    ['currency', ['', null], 'a name'],
    ['scheduleId', ['', 7, undefined], 'a name or null'],
    ['effectiveFrom', ['', undefined, 20251222], 'a day'],
    ['effectiveTo', ['', null], 'a day'],
    ['sides', ['LONG', '', undefined], 'BUY, SELL, BOTH'],
    ['unit', ['week', undefined], 'execution, order, emsOrder, contract, account-day, feeUnit'],
    ['formula', [{ kind: 'magic' }, null], 'a known kind with its rates and amounts as text'],
    [
      'rounding',
      [rounding('random', '0.01'), rounding('ceil', 0.01), rounding('ceil', '0.00'), null, 'ceil'],
      ROUNDING,
    ],
    ['divisor', [0, -365, 1.5, '365'], 'a whole number above 0'],
    ['withdrawn', [false, 'true', null], 'true'],
    [
      'conditions',
      [
        ...[{ channels: [] }, { channels: [10] }, { channels: [-1] }, { channels: [1.5] }],
        ...[{ channels: ['1'] }, { channels: [1, 10] }, { stages: ['NIGHT'] }, { stages: 'GREY' }],
        ...[{ instruments: [''] }, { accounts: [7] }, { weather: ['rain'] }],
        ...[{ channels: [1], weather: ['rain'] }, ['channels'], null],
      ],
      CONDITIONS,
    ],
    ['accountNo', ['', 7, 'A1'], 'a name, and scheduleId null'],
    ...['threshold', 'min', 'max', 'capRate', 'floorPerLine'].map(
      (field): [string, unknown[], string] => [field, ['-1', '', 'x', 1, '1e3', null], AMOUNT],
    ),
  ])('%s is refused by its name, with what it has to be', (field, values, expected) => {
    for (const value of values) {
      expect(refusal(() => parseFeeRule({ ...RULE, [field]: value }))).toEqual({
        ...{
          code: 'FILE_MALFORMED',
          what: `fee rule ${String(field === 'ruleId' ? value : 1)}: ${field}`,
        },
        ...{ field, expected, value: value ?? null },
      });
    }
  });

  it.each<[string, unknown[]]>([
    ['scheduleId', [null, 'any']],
    ['effectiveTo', [undefined, '2026-01-31']],
    ['sides', ['BUY', 'SELL', 'BOTH']],
    ['unit', ['execution', 'order', 'emsOrder', 'contract', 'account-day', 'feeUnit']],
    ['divisor', [undefined, 1, 365]],
    ['withdrawn', [undefined, true]],
    [
      'conditions',
      [
        ...[undefined, {}, { channels: [0, 9] }, { stages: ['GREY', 'NORMAL'] }],
        { instruments: ['ST/HK/700'], accounts: ['A1', 'A2'] },
      ],
    ],
    ...['threshold', 'min', 'max', 'capRate', 'floorPerLine'].map((field): [string, unknown[]] => [
      field,
      [undefined, '0', '0.00', '12.345'],
    ]),
  ])('%s is taken as it is', (field, values) => {
    for (const value of values) {
      expect(parseFeeRule({ ...RULE, [field]: value })).toEqual({ ...RULE, [field]: value });
    }
  });

  it('accountNo goes with no package', () => {
    const personal = { ...RULE, scheduleId: null, accountNo: 'A1' };
    expect(parseFeeRule(personal)).toBe(personal);
    expect(refusal(() => parseFeeRule({ ...personal, accountNo: 7 }))).toMatchObject({
      field: 'accountNo',
    });
  });

  it('of a rule that is none is refused as a whole', () => {
    for (const value of [null, 'rule', [RULE], 7]) {
      expect(refusal(() => parseFeeRule(value))).toEqual({
        ...{ code: 'FILE_MALFORMED', what: 'fee rule', value },
      });
    }
  });

  it('that is a day in no calendar is refused by its text', () => {
    const none = { ...RULE, effectiveTo: '2026-02-29' };
    expect(refusal(() => parseFeeRule(none))).toMatchObject({
      ...{ code: 'NOT_A_CALENDAR_DAY', text: '2026-02-29' },
    });
  });
});

describe('a fee rule file', () => {
  const POLICY = { policyId: 'p', base: RULE.rounding };
  const SCHEDULE = { scheduleId: 'any', market: 'HK' };
  const FILE = { roundingPolicies: [POLICY], schedules: [SCHEDULE], rules: [RULE] };

  it('is taken as it is', () => {
    expect(parseFeeRuleFile(FILE)).toEqual(FILE);
  });

  it.each<[string, unknown, unknown]>([
    ['fee rule file', [], []],
    ['rules', { ...FILE, rules: undefined }, undefined],
    ['roundingPolicies', { ...FILE, roundingPolicies: {} }, {}],
    ['schedules', { ...FILE, schedules: 'all' }, 'all'],
    ['fee rule', { ...FILE, rules: ['rule'] }, 'rule'],
    ['a rule id is used twice', { ...FILE, rules: [RULE, RULE, RULE] }, 2],
    ...[null, { ...POLICY, policyId: '' }, { ...POLICY, base: {} }].map(
      (wrong): [string, unknown, unknown] => [
        'rounding policy',
        { ...FILE, roundingPolicies: [POLICY, wrong] },
        wrong,
      ],
    ),
    ...[null, { ...SCHEDULE, scheduleId: '' }, { ...SCHEDULE, market: undefined }].map(
      (wrong): [string, unknown, unknown] => [
        'fee schedule',
        { ...FILE, schedules: [SCHEDULE, wrong] },
        wrong,
      ],
    ),
  ])('is refused with what is wrong: %s', (what, file, value) => {
    expect(refusal(() => parseFeeRuleFile(file))).toEqual({ code: 'FILE_MALFORMED', what, value });
  });
});

describe('a formula', () => {
  const tier = { gt: '0', lte: '10', rate: '0.1' };
  const GOOD: readonly FeeFormula[] = [
    { kind: 'rate', rate: '0.1' },
    { kind: 'perMillion', amount: '20.6' },
    { kind: 'flat', amount: '0' },
    { kind: 'perShare', amount: '1' },
    { kind: 'perShare', amount: '1', skipBelowAmount: true },
    { kind: 'perContract', amount: '1' },
    { kind: 'perOrder', amount: '1' },
    { kind: 'perExecution', amount: '1' },
    { kind: 'amountTier', tiers: [tier, { gt: '10', lte: null, rate: '0', min: '5' }] },
    { kind: 'quantityTier', tiers: [tier] },
    { kind: 'ofFees', rate: '0.1', feeCodes: ['A', 'B'] },
    { kind: 'orderTier', tiers: [{ upTo: 5, flat: '1' }] },
    { kind: 'shareTier', tiers: [{ upTo: null, perShare: '1' }] },
    { kind: 'turnoverTier', mode: 'slab', tiers: [{ upTo: '5', rate: '1' }] },
    { kind: 'remainder', totalFactor: '1.01' },
  ];

  it.each(GOOD)('%j is one, and has no field too many', (formula) => {
    expect(isFormula(formula)).toBe(true);
    expect(unknownFieldOf(formula)).toBeUndefined();
    expect(unknownFieldOf({ ...formula, ...{ tip: '1' } })).toBe('tip');
  });

  it('of another kind cannot skip anything', () => {
    const formula = { kind: 'perContract', amount: '1', skipBelowAmount: true };
    expect(unknownFieldOf(formula as FeeFormula)).toBe('skipBelowAmount');
  });

  it('needs each of its fields', () => {
    for (const formula of GOOD) {
      const required = Object.keys(formula).filter((name) => name !== 'skipBelowAmount');
      for (const name of required) {
        expect([name, isFormula({ ...formula, [name]: undefined })]).toEqual([name, false]);
      }
    }
  });

  const tiers = (...list: unknown[]) => ({ kind: 'amountTier', tiers: list });
  const monthly = (...list: unknown[]) => ({ kind: 'turnoverTier', mode: 'slab', tiers: list });
  it.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'rate'],
    ['a list', [{ kind: 'rate', rate: '1' }]],
    ['a kind that every object has', { kind: 'constructor' }],
    ['a kind without a name', { kind: '' }],
    ['a rate as a number', { kind: 'rate', rate: 0.1 }],
    ['a negative rate', { kind: 'rate', rate: '-0.1' }],
    ['an empty rate', { kind: 'rate', rate: '' }],
    ['tiers that are none', { kind: 'amountTier', tiers: tier }],
    ['no tier', tiers()],
    ['one good tier and a bad one', tiers(tier, { ...tier, rate: 1 })],
    ['a tier that begins nowhere', tiers({ ...tier, gt: null })],
    ['a tier with a number as its end', tiers({ ...tier, lte: 10 })],
    ['a tier with a number as its minimum', tiers({ ...tier, min: 5 })],
    ['a tier that is a text', tiers('all')],
    ['a mode that is none', { ...monthly({ upTo: null, rate: '1' }), mode: 'sometimes' }],
    ['no monthly tier', monthly()],
    ['a monthly tier with a word as its end', monthly({ upTo: 'end', rate: '1' })],
    ['a monthly tier without an end', monthly({ rate: '1' })],
    ['a monthly tier with a flag as its end', monthly({ upTo: true, rate: '1' })],
    ['fee codes that are none', { kind: 'ofFees', rate: '1', feeCodes: ['A', ''] }],
    ['no fee code', { kind: 'ofFees', rate: '1', feeCodes: [] }],
  ])('is not %s', (_what, value) => {
    expect(isFormula(value)).toBe(false);
  });
});
