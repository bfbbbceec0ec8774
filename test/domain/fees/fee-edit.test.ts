import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowState } from '../../../domain/clearing/flow-state.ts';
import {
  billOf,
  editedFees,
  feeEditRefusal,
  handPriceRefusal,
  type EditedContract,
} from '../../../domain/fees/fee-edit.ts';
import { Decimal } from '../../../domain/money/decimal.ts';
import { billed, idle } from '../clearing/guard-cases.ts';

const CONTRACT: EditedContract = { contractId: 7, counts: true, posted: false };
const AFTER_BILLING: FlowState = { ...idle, ...billed };
const POSTING_BEGAN: FlowState = {
  ...AFTER_BILLING,
  steps: { ...AFTER_BILLING.steps, posting: 'FAILED' },
};
const RUNS: FlowState = { ...AFTER_BILLING, mode: 'STEP_RUNNING' };
const POSTED = {
  code: 'FEE_EDIT_AFTER_POSTING',
  details: { contractId: 7, offers: ['revoke'] },
};
const BUSY = {
  code: 'STEP_IN_PROGRESS',
  details: { flow: 'HK', mode: 'STEP_RUNNING', hint: 'pause first' },
};

describe('when fees may be edited', () => {
  it.each<[string, FlowState, Partial<EditedContract>, unknown, unknown]>([
    ['after billing, at rest', AFTER_BILLING, {}, undefined, undefined],
    ['a contract that is posted', AFTER_BILLING, { posted: true }, POSTED, POSTED],
    ['once posting has begun', POSTING_BEGAN, {}, POSTED, POSTED],
    ['while something runs', RUNS, {}, BUSY, BUSY],
    ['while posting runs', { ...POSTING_BEGAN, mode: 'STEP_RUNNING' }, {}, BUSY, BUSY],
    ['a posted contract while something runs', RUNS, { posted: true }, POSTED, POSTED],
    [
      'while a revoke stands half way',
      { ...AFTER_BILLING, mode: 'PAUSED_ON_ERROR', revokeUnfinished: true },
      {},
      { code: 'REVOKE_UNFINISHED', details: { flow: 'HK', mode: 'PAUSED_ON_ERROR' } },
      { code: 'REVOKE_UNFINISHED', details: { flow: 'HK', mode: 'PAUSED_ON_ERROR' } },
    ],
    [
      'a contract that counts no longer: its hand price alone',
      AFTER_BILLING,
      { counts: false },
      { code: 'CONTRACT_DISCARDED', details: { contractId: 7 } },
      undefined,
    ],
    [
      'a contract that counts no longer, once others are posted',
      POSTING_BEGAN,
      { counts: false },
      { code: 'CONTRACT_DISCARDED', details: { contractId: 7 } },
      undefined,
    ],
  ])('%s', (_what, flow, changes, edit, handPrice) => {
    const contract = { ...CONTRACT, ...changes };
    expect(feeEditRefusal(flow, contract)).toEqual(edit);
    expect(handPriceRefusal(flow, contract)).toEqual(handPrice);
  });
});

describe('editedFees', () => {
  const FEES = [
    { feeCode: 'COMMISSION', amount: '30.00' },
    { feeCode: 'STAMP', amount: '11.00' },
  ];

  it('adds a fee at the end', () => {
    expect(editedFees(FEES, { action: 'ADD', feeCode: 'TIP', amount: '1.5' })).toEqual([
      ...FEES,
      { feeCode: 'TIP', amount: '1.50' },
    ]);
  });

  it('changes an amount in its place, and no other', () => {
    expect(editedFees(FEES, { action: 'AMOUNT', feeCode: 'COMMISSION', amount: '0' })).toEqual([
      { feeCode: 'COMMISSION', amount: '0.00' },
      FEES[1],
    ]);
  });

  it('deletes a fee, and no other', () => {
    expect(editedFees(FEES, { action: 'DELETE', feeCode: 'COMMISSION' })).toEqual([FEES[1]]);
  });

  it('adds none twice, and changes and deletes only what is there', () => {
    const refusal = (code: string, feeCode: string) =>
      expect.objectContaining({ code, details: { feeCode } }) as Error;
    const [feeCode, amount] = ['STAMP', '1'];
    expect(() => editedFees(FEES, { action: 'ADD', feeCode, amount })).toThrow(
      refusal('FEE_ALREADY_CHARGED', feeCode),
    );
    for (const edit of [
      { action: 'AMOUNT', feeCode: 'TIP', amount },
      { action: 'DELETE', feeCode: 'TIP' },
    ] as const) {
      expect(() => editedFees(FEES, edit)).toThrow(refusal('FEE_NOT_CHARGED', 'TIP'));
    }
  });
});

describe('billOf', () => {
  it('a buyer pays the fees on top, a seller out of the proceeds', () => {
    const fees = [
      { feeCode: 'COMMISSION', amount: '30.00' },
      { feeCode: 'STAMP', amount: '11.005' },
    ];
    const bill = (side: 'BUY' | 'SELL') => billOf({ side, grossAmount: '10000.25' }, fees);
    expect(bill('BUY')).toEqual({ feeAmount: '41.005', netAmount: '10041.255' });
    expect(bill('SELL')).toEqual({ feeAmount: '41.005', netAmount: '9959.245' });
  });

  it('adds up exactly, whatever the amounts', () => {
    const cents = fc.bigInt({ min: 0n, max: 10n ** 17n });
    const text = (units: bigint) => new Decimal(units.toString()).div(100).toFixed(2);
    fc.assert(
      fc.property(fc.array(cents), cents, (amounts, gross) => {
        const fees = amounts.map((each, at) => ({ feeCode: String(at), amount: text(each) }));
        const total = amounts.reduce((sum, each) => sum + each, 0n);
        expect(billOf({ side: 'BUY', grossAmount: text(gross) }, fees)).toEqual({
          feeAmount: text(total),
          netAmount: text(gross + total),
        });
      }),
    );
  });
});
