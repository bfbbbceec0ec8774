import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import {
  confirmHandPrice,
  editFees,
  unpinFees,
  type FeeDecision,
} from '../../db/fee-edits.repository.ts';
import { tryFees } from '../../db/fee-trial.ts';
import { readBill, readFeeEdits, type BillView } from '../../db/queries/contract-bills.ts';
import { pageOfAll } from '../../db/queries/page.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import type { FeeEdit } from '../../domain/fees/fee-edit.ts';
import { actorOf } from '../audit-actor.ts';
import {
  Bill,
  ChargedAmount,
  Decided,
  FeeCode,
  FeeEditRow,
  FeeTrial,
  NewFee,
} from '../schemas/contract-bill.ts';
import { Id, strict } from '../schemas/fields.ts';
import { pageOf, WHOLE_QUERY } from '../schemas/page.ts';

const read = { permission: 'clearing.ledger_query' } as const;
const edit = { permission: 'lb_hk_clearing.contract_manage_edit' } as const;
const tags = ['contracts'];
const params = strict({ contractId: Id });
const feeParams = strict({ contractId: Id, feeCode: FeeCode });
const response = { 200: Bill };

type Decision = Omit<FeeDecision, 'person' | 'now'>;
type Change = (t: Transaction, decision: FeeDecision) => Promise<unknown>;
type Action = 'add' | 'amount' | 'delete' | 'confirm' | 'unpin';

/** 费用: what a contract is charged, who changed it, and what the rules would give. */
export const contractBillRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db } = app.daycut;
  app.get(
    '/contracts/:contractId/bill',
    {
      config: read,
      schema: {
        operationId: 'getBill',
        tags,
        summary: 'What a contract is charged, beside what the rules gave',
        params,
        response,
      },
    },
    async (request) => readBill(db.$client, request.params.contractId),
  );
  app.get(
    '/contracts/:contractId/fees/edits',
    {
      config: read,
      schema: {
        operationId: 'listFeeEdits',
        tags,
        summary: 'Every edit of the fees of a contract, oldest first: who, when, why',
        params,
        querystring: strict(WHOLE_QUERY),
        response: { 200: pageOf(FeeEditRow) },
      },
    },
    async ({ params: { contractId }, query }) =>
      pageOfAll(await readFeeEdits(db.$client, contractId), `fee edits of ${contractId}`, query),
  );
  app.get(
    '/contracts/:contractId/fees/trial',
    {
      config: edit,
      schema: {
        operationId: 'tryFees',
        tags,
        summary: 'What billing would charge the contract now; nothing is saved',
        params,
        response: { 200: FeeTrial },
      },
    },
    async (request) => tryFees(db, request.params.contractId),
  );
};

/** 费用编辑: fees of a contract that people change between billing and posting. */
export const feeEditRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/contracts/:contractId/fees',
    {
      config: edit,
      schema: {
        operationId: 'addFee',
        tags,
        summary: 'Add a fee that the contract does not have; it is priced by hand from then on',
        params,
        body: NewFee,
        response,
      },
    },
    async (request) => {
      const { feeCode, amount, ...decision } = request.body;
      const change = fee({ action: 'ADD', feeCode, amount });
      return decide(app, request, { ...request.params, ...decision }, ['add', change]);
    },
  );
  app.patch(
    '/contracts/:contractId/fees/:feeCode',
    {
      config: edit,
      schema: {
        operationId: 'editFee',
        tags,
        summary: 'Change the amount of a fee; the contract is priced by hand from then on',
        params: feeParams,
        body: ChargedAmount,
        response,
      },
    },
    async (request) => {
      const { contractId, feeCode } = request.params;
      const { amount, ...decision } = request.body;
      const change = fee({ action: 'AMOUNT', feeCode, amount });
      return decide(app, request, { contractId, ...decision }, ['amount', change]);
    },
  );
  app.delete(
    '/contracts/:contractId/fees/:feeCode',
    {
      config: edit,
      schema: {
        operationId: 'deleteFee',
        tags,
        summary: 'Delete a fee; the contract is priced by hand from then on',
        params: feeParams,
        body: Decided,
        response,
      },
    },
    async (request) => {
      const { contractId, feeCode } = request.params;
      const change = fee({ action: 'DELETE', feeCode });
      return decide(app, request, { contractId, ...request.body }, ['delete', change]);
    },
  );
};

/** 手工计费: whether a hand price still stands. */
export const handPriceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/contracts/:contractId/fees/unpin',
    {
      config: edit,
      schema: {
        operationId: 'unpinFees',
        tags,
        summary: 'Give a hand price up: what the rules gave counts again',
        params,
        body: Decided,
        response,
      },
    },
    async (request) =>
      decide(app, request, { ...request.params, ...request.body }, ['unpin', unpinFees]),
  );
  app.post(
    '/contracts/:contractId/fees/confirm',
    {
      config: edit,
      schema: {
        operationId: 'confirmHandPrice',
        tags,
        summary: 'Say that a hand price holds for the trade as it has changed',
        params,
        body: Decided,
        response,
      },
    },
    async (request) =>
      decide(app, request, { ...request.params, ...request.body }, ['confirm', confirmHandPrice]),
  );
};

/** The change and its event, with the bill before and after it. */
async function decide(
  { daycut: { db, clock } }: FastifyInstance,
  request: FastifyRequest,
  decision: Decision,
  [action, change]: readonly [Action, Change],
): Promise<BillView> {
  const { contractId, reason } = decision;
  return inTransaction(db, async (t) => {
    const before = await readBill(t.client, contractId);
    await change(t, { ...decision, person: request.person.id, now: clock.now() });
    const after = await readBill(t.client, contractId);
    await recordAuditEvent(t.tx, {
      ...actorOf(request),
      action: `contract_fee.${action}`,
      outcome: 'ACCEPTED',
      // As an edit of its channel: evidence about the contract holds what happened to its order.
      targetType: 'order',
      targetId: after.orderId,
      ledgerDate: after.ledgerDate,
      before,
      after: { ...after, reason },
    });
    return after;
  });
}

const fee =
  (change: FeeEdit): Change =>
  (t, decision) =>
    editFees(t, decision, change);
