import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { explainedFee } from '../../../domain/fees/fee-explanation.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import { anyRule } from './any-rule.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const FACTS = {
  ...{ market: 'HK', scheduleId: 'any', instrumentType: 'EQUITY', tradeDate: MON_2025_12_22 },
  side: 'SELL',
} as const;
const ORDER = { orderId: 'O1', orderPlace: 1, emsOrderNo: null };
const FILLS = [
  { ...ORDER, executionNo: 1, executionId: 'E1', quantity: '100', price: '12.5' },
  { ...ORDER, executionNo: 2, executionId: 'E2', quantity: '50.5', price: '2' },
];
const CONTRACT = {
  ...FACTS,
  ...{ contractId: 1042, orderId: 'O1', accountNo: 'A1', instrumentId: 'ST/HK/700' },
  ...{ ledgerDate: parseBusinessDate('2025-12-23'), orderChannel: 6 },
  stage: 'NORMAL',
  stampDutyEdit: null,
  executions: FILLS,
} as const;

const RULE = anyRule({ formula: { kind: 'rate', rate: '0.001' } });
const GLOBAL = anyRule({ ruleId: 2, scheduleId: null, formula: { kind: 'flat', amount: '5' } });

/** The row of `at` that billing stores for the only fee of the order. */
function stored(rules: readonly FeeRule[], at = 0) {
  const plan = compileTariff(rules, { ...FACTS, stampDutyExempt: true, channel: 6 });
  const line = priceExecutions(plan, {
    quantities: FILLS.map(({ quantity }) => quantity),
    prices: FILLS.map(({ price }) => price),
  }).lines[at]!;
  return {
    ...line,
    ...{ contractId: 1042, line: at + 3, payee: 'BROKER', feesBefore: '7.5' },
    ...{ executionNo: (line.executionIndex ?? -1) + 1, choice: plan.lines[0]!.choice },
    ...{ monthBefore: null, totals: new Map<string, string>() },
  };
}
const byId = (...rules: FeeRule[]) => new Map(rules.map((rule) => [rule.ruleId, rule]));

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    const { code, details } = error as { code: string; details: object };
    return { code, ...details };
  }
  return 'it was explained';
}

describe('the explanation of a stored fee', () => {
  it('says what it is, by which rule, and what it was computed on', () => {
    const fee = stored([RULE, GLOBAL]);
    const explained = explainedFee(fee, CONTRACT, byId(RULE, GLOBAL));
    const { losers, ...terms } = fee.choice;
    expect(explained).toMatchObject({
      ...{ feeId: '2025-12-23.1042.3', ledgerDate: '2025-12-23', contractId: 1042, line: 3 },
      ...{ feeCode: 'ANY', payee: 'BROKER', currency: 'HKD', metric: '1351', clamp: '' },
      ...{ exactAmount: '1.351', amount: '1.35' },
      rule: { ruleId: 1, version: 1, definition: RULE },
      rounding: { mode: 'half-up', increment: '0.01', difference: '-0.001' },
      inputs: {
        ...FACTS,
        ...{ orderChannel: 6, orderId: 'O1', accountNo: 'A1', instrumentId: 'ST/HK/700' },
        ...{ stampDutyEdit: null, multiplier: '1', feesBefore: '7.50' },
        ...{ quantity: '150.5', consideration: '1351' },
        executions: [
          { ...FILLS[0], consideration: '1250' },
          { ...FILLS[1], consideration: '101' },
        ],
      },
    });
    expect(explained.terms).toEqual(terms);
    expect(losers).toHaveLength(1);
    expect(explained.rejected).toEqual([
      {
        ...{ ruleId: 2, version: 1, reason: 'global-loses-to-package', definition: GLOBAL },
        words: expect.stringMatching(/^rule 1 belongs to the package/) as string,
      },
    ]);
    expect(explained.matched).toContainEqual({ condition: 'market', asked: 'HK', found: 'HK' });
    expect(explained.arithmetic.map(({ step }) => step)).toEqual(['compute', 'round']);
  });

  it('of one execution shows that execution alone', () => {
    const each = { ...RULE, unit: 'execution' } as const;
    const { inputs } = explainedFee(stored([each], 1), CONTRACT, byId(each));
    expect(inputs.executions.map(({ executionNo }) => executionNo)).toEqual([2]);
    expect([inputs.quantity, inputs.consideration]).toEqual(['50.5', '101']);
  });

  it.each([
    ['order', -2, ['E2', 'E3']],
    ['emsOrder', -2, ['E2', 'E3', 'E5']],
    ['emsOrder', -3, ['E4']],
    ['contract', 0, ['E1', 'E2', 'E3', 'E4', 'E5']],
    ['execution', 4, ['E4']],
  ] as const)('of a merged contract shows the part that it is of: %s %d', (unit, part, ids) => {
    // Five executions of four orders; the second and the fourth are one EMS order.
    const orders = [
      ...[[1, null] as const, [2, 'EMS'] as const, [2, 'EMS'] as const],
      ...[[3, null] as const, [4, 'EMS'] as const],
    ];
    const executions = orders.map(([orderPlace, emsOrderNo], at) => ({
      ...{ orderId: `O${orderPlace}`, orderPlace, emsOrderNo, quantity: '1', price: '1' },
      ...{ executionNo: at + 1, executionId: `E${at + 1}` },
    }));
    const rule = { ...RULE, unit };
    const fee = { ...stored([rule]), executionNo: part };
    const { inputs } = explainedFee(fee, { ...CONTRACT, executions }, byId(rule));
    expect(inputs.executions.map(({ executionId }) => executionId)).toEqual(ids);
  });

  it('has no rounding where nothing was rounded', () => {
    const exempt = { ...RULE, exemptByInstrumentFlag: true } as const;
    const rest = anyRule({ unit: 'contract', formula: { kind: 'remainder', totalFactor: '1.01' } });
    for (const rule of [exempt, rest]) {
      expect(explainedFee(stored([rule]), CONTRACT, byId(rule)).rounding).toBeNull();
    }
  });

  it('is refused when a rule or an execution that it names is not there', () => {
    const feeId = '2025-12-23.1042.3';
    const fee = stored([RULE, GLOBAL]);
    const noRule = { code: 'BOOKS_OUT_OF_BALANCE', why: 'no such fee rule', feeId };
    expect(refusal(() => explainedFee(fee, CONTRACT, byId(GLOBAL)))).toEqual({
      ...{ ...noRule, ruleId: 1 },
    });
    expect(refusal(() => explainedFee(fee, CONTRACT, byId(RULE)))).toEqual({
      ...{ ...noRule, ruleId: 2 },
    });
    const other = { ...fee, executionNo: 3 };
    expect(refusal(() => explainedFee(other, CONTRACT, byId(RULE, GLOBAL)))).toEqual({
      ...{ code: 'BOOKS_OUT_OF_BALANCE', why: 'no such execution', feeId, executionNo: 3 },
    });
  });
});
