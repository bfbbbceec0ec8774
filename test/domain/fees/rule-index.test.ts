import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { placeOf } from '../../../domain/fees/rule-family.ts';
import { ruleIndex } from '../../../domain/fees/rule-index.ts';
import type { TariffQuery } from '../../../domain/fees/tariff-plan.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const rule = (ruleId: number, changes: Partial<FeeRule>): FeeRule => ({
  ruleId,
  feeCode: 'ANY',
  market: 'HK',
  scheduleId: null,
  version: 1,
  effectiveFrom: MON_2025_12_22,
  sides: 'BOTH',
  unit: 'order',
  formula: { kind: 'flat', amount: '1' },
  rounding: { mode: 'half-up', increment: '0.01' },
  currency: 'HKD',
  ...changes,
});

const RULES = [
  rule(1, { scheduleId: 'retail' }),
  rule(2, { scheduleId: 'vip' }),
  rule(3, {}),
  rule(4, { market: 'US' }),
  rule(5, { accountNo: 'A1' }),
  rule(6, { accountNo: 'A2' }),
  rule(7, { accountNo: 'A1' }),
];
const idsFor = (changes: Partial<TariffQuery>): readonly number[] => {
  const query: TariffQuery = {
    ...{ scheduleId: 'retail', market: 'HK', instrumentType: 'EQUITY', stampDutyExempt: false },
    ...{ side: 'BUY', tradeDate: MON_2025_12_22, channel: null, ...changes },
  };
  return ruleIndex(RULES)(query).map(({ ruleId }) => ruleId);
};

describe('the rules that may compete for an order', () => {
  it.each<[string, Partial<TariffQuery>, readonly number[]]>([
    ['of its package and of all', {}, [1, 3]],
    ['likewise without a named account', { accountNo: null }, [1, 3]],
    ['and of its account', { accountNo: 'A1' }, [1, 3, 5, 7]],
    ['of no other account', { scheduleId: 'vip', accountNo: 'A2' }, [2, 3, 6]],
    ['of an account without any', { accountNo: 'A3' }, [1, 3]],
    ['of a package without any', { scheduleId: 'none' }, [3]],
    ['of its market', { market: 'US' }, [4]],
    ['of a market without any', { market: 'CN' }, []],
  ])('are %s', (_what, changes, ids) => {
    expect(idsFor(changes)).toEqual(ids);
  });
});

describe('two rules stand in one place', () => {
  const same = (a: Partial<FeeRule>, b: Partial<FeeRule>) =>
    placeOf(rule(1, a)) === placeOf(rule(2, b));

  it('in whatever order their types and conditions are listed', () => {
    expect(same({ instrumentTypes: ['A', 'B'] }, { instrumentTypes: ['B', 'A'] })).toBe(true);
    for (const list of ['instruments', 'accounts'] as const) {
      const listed = (...values: string[]) => ({ conditions: { [list]: values } });
      expect(same(listed('A', 'B'), listed('B', 'A'))).toBe(true);
      expect(same(listed('A', 'B'), listed('A'))).toBe(false);
    }
    const channels = (...values: number[]) => ({ conditions: { channels: values } });
    expect(same(channels(1, 9), channels(9, 1))).toBe(true);
  });

  it.each<[string, Partial<FeeRule>]>([
    ['a special one without conditions', { conditions: {} }],
    ['one of another market', { market: 'US' }],
    ['one of another code', { feeCode: 'OTHER' }],
    ['one of a package', { scheduleId: 'retail' }],
    ['one of an account', { accountNo: 'A1' }],
    ['one of a side', { sides: 'BUY' }],
    ['one of a type', { instrumentTypes: ['EQUITY'] }],
    ['one of the grey market', { conditions: { stages: ['GREY'] } }],
  ])('but not with %s', (_what, changes) => {
    expect(same({}, changes)).toBe(false);
  });
});
