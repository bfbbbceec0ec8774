import { expect, it } from 'vitest';
import { namedInRules } from '../../../domain/fees/named-in-rules.ts';
import { anyRule } from './any-rule.ts';

const formula = { kind: 'flat', amount: '1' } as const;

it('names the accounts and instruments of all rules, whoever they are for', () => {
  const rules = [
    anyRule({ formula }),
    anyRule({ formula, scheduleId: null, accountNo: 'A1' }),
    anyRule({ formula, conditions: { accounts: ['A2', 'A3'], instruments: ['ST/HK/700'] } }),
    anyRule({ formula, conditions: { instruments: ['ST/HK/5'], channels: [6] } }),
  ];
  expect(namedInRules(rules)).toMatchObject({
    accountNos: new Set(['A1', 'A2', 'A3']),
    instrumentIds: new Set(['ST/HK/700', 'ST/HK/5']),
    stages: false,
  });
  const conditions = { stages: ['GREY'] } as const;
  expect(namedInRules([...rules, anyRule({ formula, conditions })]).stages).toBe(true);
});

it('says that a condition asks for the stage', () => {
  const rules = [anyRule({ formula }), anyRule({ formula, conditions: { stages: ['GREY'] } })];
  expect(namedInRules(rules)).toMatchObject({ stages: true });
});
