import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContractView } from '../../db/queries/contracts.ts';
import type { FeeView } from '../../db/queries/fees.ts';
import type { Page } from '../../db/queries/page.ts';
import type { FeeExplanation } from '../../domain/fees/fee-explanation.ts';
import { Decimal } from '../../domain/money/decimal.ts';
import { startApi, type ApiUnderTest } from './support.ts';

const FRI_2025_12_19 = '2025-12-19';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi('sample');
});
afterAll(() => api.close());

const read = async <T>(path: string): Promise<T> => {
  const answer = await api.get(path, 'auditor');
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.body}`);
  return answer.json<T>();
};

async function feesOf(flow: string): Promise<readonly FeeView[]> {
  const path = `/contracts?ledgerDate=${FRI_2025_12_19}&flow=${flow}&limit=30`;
  const { items } = await read<Page<ContractView>>(path);
  const pages = await Promise.all(
    items.map(({ contractId }) => read<Page<FeeView>>(`/contracts/${contractId}/fees`)),
  );
  return pages.flatMap((page) => page.items);
}
const explanationOf = ({ feeId }: FeeView) => read<FeeExplanation>(`/fees/${feeId}/explanation`);

describe('the explanation of a fee', () => {
  it('is found by the id that the fees of a contract show, and says the same', async () => {
    for (const fee of (await feesOf('HK')).slice(0, 20)) {
      const explained = await explanationOf(fee);
      const { feeId, line, feeCode, payee, currency, metric, exactAmount, clamp, amount } = fee;
      expect(explained).toMatchObject({
        ...{ feeId, line, feeCode, payee, currency, metric, exactAmount, clamp, amount },
        arithmetic: fee.steps,
      });
      expect(feeId).toBe(`${FRI_2025_12_19}.${explained.contractId}.${line}`);
    }
  });

  it('has the executions that the line was computed on, and no others', async () => {
    const fees = await feesOf('HK');
    const ofOne = await explanationOf(fees.find(({ executionNo }) => executionNo === 2)!);
    expect(ofOne.inputs.executions.map(({ executionNo }) => executionNo)).toEqual([2]);
    expect(ofOne.metric).toBe(ofOne.inputs.consideration);
    const whole = fees.find(
      ({ feeCode, executionNo }) => feeCode === 'COMMISSION' && executionNo === 0,
    );
    const ofAll = await explanationOf(whole!);
    const { executionCount, grossAmount } = await read<ContractView>(
      `/contracts/${ofAll.contractId}`,
    );
    expect(ofAll.inputs.executions).toHaveLength(executionCount);
    expect(new Decimal(ofAll.inputs.consideration).eq(grossAmount)).toBe(true);
  });

  it('names the rule as it stands, the conditions that it met, and why each other rule lost', async () => {
    const fees = await feesOf('US');
    const explained = await Promise.all(fees.map(explanationOf));
    const withLosers = explained.find(({ rejected }) => rejected.length > 0)!;
    const { rule, matched, terms, inputs } = withLosers;
    expect(rule.definition).toMatchObject({ ruleId: rule.ruleId, feeCode: withLosers.feeCode });
    expect(terms.formula).toEqual(rule.definition.formula);
    expect(matched).toContainEqual({
      condition: 'tradeDate',
      asked: expect.any(String) as string,
      found: inputs.tradeDate,
    });
    for (const { ruleId, definition, words } of withLosers.rejected) {
      expect(definition.ruleId).toBe(ruleId);
      expect(words).not.toBe('');
    }
  });

  it.each([
    '1',
    '2025-12-19',
    '2025-12-19.999999.1',
    '2025-12-19.1.1.1',
    `${FRI_2025_12_19}.1.9999`,
  ])('of %s is 404', async (feeId) => {
    const answer = await api.get(`/fees/${feeId}/explanation`, 'auditor');
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'NOT_FOUND']);
  });

  it('needs the permission to see the books', async () => {
    const [fee] = await feesOf('HK');
    expect((await api.get(`/fees/${fee!.feeId}/explanation`, 'admin')).statusCode).toBe(403);
  });
});
