import { describe, expect, it } from 'vitest';
import { assertAgentRule } from '../../../domain/fees/agent-rule.ts';
import type { FeeFormula } from '../../../domain/fees/fee-rule.ts';
import { anyRule } from './any-rule.ts';

describe('what an agent charges', () => {
  it.each<FeeFormula>([
    { kind: 'orderTier', tiers: [{ upTo: null, flat: '1' }] },
    { kind: 'shareTier', tiers: [{ upTo: null, perShare: '1' }] },
    { kind: 'turnoverTier', mode: 'marginal', tiers: [{ upTo: null, rate: '1' }] },
  ])('has no tiers by the month: $kind', (formula) => {
    let refusal: unknown;
    try {
      assertAgentRule(anyRule({ formula }));
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      code: 'FEE_RULE_INVALID',
      details: { field: 'formula', reason: 'agents charge no tiers by the month' },
    });
  });

  it('may be any other formula', () => {
    expect(() => {
      assertAgentRule(anyRule({ formula: { kind: 'perExecution', amount: '1' } }));
    }).not.toThrow();
  });
});
