import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { voidAmendment } from '../../db/amendments.repository.ts';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import { tryFees } from '../../db/fee-trial.ts';
import { readAmendment, readAmendments, type AmendmentView } from '../../db/queries/amendments.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import { actorOf } from '../audit-actor.ts';
import { FeeTrial } from '../schemas/contract-bill.ts';
import { Day, Id, Instant, list, nullable, shape, strict, Word } from '../schemas/fields.ts';
import { OrderChannelCode, StageWord } from '../schemas/inbound.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const revise = { permission: 'lb_hk_clearing.contract_revise' } as const;
const tags = ['contracts'];

const Amendment = shape({
  amendmentId: Type.Integer(),
  ledgerDate: Day,
  flow: Type.String(),
  ticketId: Type.String(),
  originLedgerDate: Day,
  originContractId: Type.Integer(),
  offsetContractId: nullable(
    Type.Integer({ description: 'What takes it back; null until the open date has billed it.' }),
  ),
  newContractId: nullable(Type.Integer()),
  reason: Type.String(),
  askedBy: Type.String(),
  approvedBy: list(Type.String()),
  amendedAt: Instant,
  voidedBy: nullable(Type.String()),
  voidedAt: nullable(Instant),
});

/** 合约修正: asked for by ticket, seen and taken back here. */
export const contractAmendmentRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, clock } = app.daycut;
  app.get(
    '/contract-amendments',
    {
      config: { permission: 'clearing.ledger_query' },
      schema: {
        operationId: 'listContractAmendments',
        tags,
        summary: 'Contract amendments, newest first, with the numbers of their three contracts',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Type.Optional(Day),
          originContractId: Type.Optional(Id),
        }),
        response: { 200: pageOf(Amendment) },
      },
    },
    async ({ query }) => readAmendments(db.$client, query),
  );
  app.get(
    '/contracts/:contractId/amendment-trial',
    {
      config: revise,
      schema: {
        operationId: 'tryAmendment',
        tags,
        summary: 'What the rules would charge for other terms; nothing is saved',
        params: strict({ contractId: Id }),
        querystring: strict({
          accountNo: Type.Optional(Word),
          orderChannel: Type.Optional(OrderChannelCode),
          stage: Type.Optional(StageWord),
          tradeDate: Type.Optional(Day),
        }),
        response: { 200: FeeTrial },
      },
    },
    async ({ params, query }) => tryFees(db, params.contractId, query),
  );
  app.delete(
    '/contract-amendments/:amendmentId',
    {
      config: revise,
      schema: {
        operationId: 'voidContractAmendment',
        tags,
        summary: 'Take an amendment back before it is billed; repeating it changes nothing',
        params: strict({ amendmentId: Id }),
        response: { 200: Amendment },
      },
    },
    async (request) =>
      inTransaction(db, (t) => voidRecorded(t, request, request.params.amendmentId, clock.now())),
  );
};

/** The amendment as it stands then; its event only when it was not void before. */
async function voidRecorded(
  t: Transaction,
  request: FastifyRequest,
  amendmentId: number,
  now: Date,
): Promise<AmendmentView> {
  const before = await readAmendment(t.client, amendmentId);
  const entry = { person: request.person.id, now };
  const isVoidedNow = await voidAmendment(t, amendmentId, entry);
  const after = await readAmendment(t.client, amendmentId);
  if (!isVoidedNow) return after;
  await recordAuditEvent(t.tx, {
    ...actorOf(request),
    action: 'contract.amendment_void',
    outcome: 'ACCEPTED',
    targetType: 'contract',
    targetId: String(after.originContractId),
    ledgerDate: after.ledgerDate,
    before,
    after,
    ticketId: after.ticketId,
  });
  return after;
}
