import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { conditionsMet, lossInWords } from '../../../domain/fees/explain-choice.ts';
import { feeIdOf, parseFeeId } from '../../../domain/fees/fee-id.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { selectRules } from '../../../domain/fees/select-rules.ts';
import { referenceData } from '../reference.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const trade = {
  market: 'HK',
  scheduleId: 'sample-hk-retail',
  instrumentType: 'EQUITY',
  side: 'BUY',
  tradeDate: MON_2025_12_22,
} as const;

describe('lossInWords', () => {
  it('says why each rule of the sample tariff lost, with the values that decided', () => {
    const query = { ...trade, stampDutyExempt: false, channel: 6 };
    const rules = new Map(referenceData.rules.map((rule) => [rule.ruleId, rule]));
    const facts = { ...trade, orderChannel: 6, stage: 'NORMAL' } as const;
    const { chosen } = selectRules(referenceData.rules, query);
    const said = chosen.flatMap(({ rule, losers }) =>
      losers.map((loser) => [
        loser.reason,
        lossInWords(loser.reason, rules.get(loser.ruleId)!, rule, facts),
      ]),
    );
    expect(said.length).toBeGreaterThan(0);
    for (const [reason, words] of said) expect([reason, words]).not.toContain('undefined');
    const early = said.find(([reason]) => reason === 'later-date-wins');
    expect(early?.[1]).toMatch(/^rule \d+ is in force from a later day than \d{4}-/);
  });

  it.each([
    ['other-side', { sides: 'SELL' }, 'it applies to SELL only, and this trade is a BUY'],
    [
      'channel-condition-not-met',
      { conditions: { channels: [0, 9] } },
      'it asks for order channel 0, 9, and the order counts as channel 6',
    ],
    [
      'stage-condition-not-met',
      { conditions: { stages: ['GREY'] } },
      'it asks for the stage GREY, and the trade is NORMAL',
    ],
    [
      'no-longer-in-force',
      { effectiveTo: '2025-06-30' },
      'it ended on 2025-06-30, before the trade date 2025-12-22',
    ],
  ] as const)('%s', (reason, change, words) => {
    const loser = { ...referenceData.rules[0]!, ...change } as FeeRule;
    expect(
      lossInWords(reason, loser, undefined, { ...trade, orderChannel: 6, stage: 'NORMAL' }),
    ).toBe(words);
  });
});

describe('conditionsMet', () => {
  it('names every condition with what the trade met it with', () => {
    const rule: FeeRule = {
      ...referenceData.rules.find(({ ruleId }) => ruleId === 9001)!,
      conditions: { channels: [0, 6] },
    };
    const met = conditionsMet(rule, { ...trade, orderChannel: 6, stage: 'NORMAL' });
    expect(met.find(({ condition }) => condition === 'channel')).toEqual({
      condition: 'channel',
      asked: '0, 6',
      found: '6',
    });
    expect(met.find(({ condition }) => condition === 'stage')).toEqual({
      ...{ condition: 'stage', asked: 'any', found: 'NORMAL' },
    });
    expect(met.map(({ condition }) => condition)).toEqual([
      'market',
      'schedule',
      'instrumentType',
      'side',
      'tradeDate',
      'channel',
      'stage',
    ]);
  });
});

describe('the id of a fee', () => {
  it('reads back as the key that it was made of', () => {
    const key = { ledgerDate: MON_2025_12_22, contractId: 1042, line: 3 };
    expect(feeIdOf(key)).toBe('2025-12-22.1042.3');
    expect(parseFeeId(feeIdOf(key))).toEqual(key);
  });

  it.each(['', '1042.3', '2025-12-22.1042', '2025-12-22.1042.3.1', '2025-12-22.x.3'])(
    '%j is none',
    (text) => {
      expect(() => parseFeeId(text)).toThrow(
        expect.objectContaining({ code: 'NOT_FOUND', details: { feeId: text } }),
      );
    },
  );
});
