import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import { readSupplement as readStored, readSupplements } from '../../db/queries/supplements.ts';
import { answerOnce } from '../../db/request-answers.repository.ts';
import { enterSupplement, voidSupplement } from '../../db/supplements.repository.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import type { RawRow } from '../../domain/front-office/row-reader.ts';
import { rowsRefused } from '../../domain/front-office/row-refusal.ts';
import { readSupplement } from '../../domain/supplements/supplement.ts';
import { actorOf } from '../audit-actor.ts';
import { judgesBodyLater } from '../csv.ts';
import { replyOnce } from '../reply-once.ts';
import { CommandHeaders } from '../schemas/command.ts';
import { Day, FlowId, Id, Instant, nullable, shape, strict, Word } from '../schemas/fields.ts';
import { SideWord, StageWord, SupplementBody } from '../schemas/inbound.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const edit = { permission: 'lb_hk_clearing.contract_manage_edit' } as const;
const tags = ['supplements'];

const Supplement = shape({
  supplementId: Type.Integer(),
  orderId: Type.String({ description: 'Its order in the clearing snapshot.' }),
  ledgerDate: Day,
  flow: Type.String(),
  generation: Type.Integer(),
  market: Type.String(),
  accountNo: Type.String(),
  instrumentId: Type.String(),
  side: SideWord,
  orderChannel: Type.Integer(),
  settlementChannel: Type.String(),
  tradeDate: Day,
  cashSettlementDate: nullable(Day),
  securitiesSettlementDate: nullable(Day),
  stage: StageWord,
  executions: Type.Array(
    shape({ serial: nullable(Type.String()), quantity: Type.String(), price: Type.String() }),
  ),
  enteredBy: Type.String(),
  enteredAt: Instant,
  voidedBy: nullable(Type.String()),
  voidedAt: nullable(Instant),
});

const Filter = strict({
  ledgerDate: Type.Optional(Day),
  flow: Type.Optional(FlowId),
  accountNo: Type.Optional(Word),
  ...PAGE_QUERY,
});

const isObject = (body: unknown): body is RawRow =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

/** Throws ROWS_REFUSED with every wrong field. */
function supplementOf(body: unknown) {
  const read = readSupplement(isObject(body) ? body : {});
  if (read.ok) return read.supplement;
  throw rowsRefused(read.errors);
}

/** Back-office supplements (后台补单): trades that no front office sends. */
export const supplementRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, clock } = app.daycut;
  app.post(
    '/supplements',
    {
      config: edit,
      validatorCompiler: judgesBodyLater,
      schema: {
        operationId: 'enterSupplement',
        tags,
        summary: 'Enter a back-office supplement; sync and pre-check are repeated',
        headers: CommandHeaders,
        body: SupplementBody,
        response: { 200: Supplement },
      },
    },
    async (request, reply) => {
      const supplement = supplementOf(request.body);
      const requestId = request.headers['idempotency-key'];
      const requestHash = createHash('sha256').update(JSON.stringify(supplement)).digest('hex');
      const person = request.person.id;
      const keyed = { requestId, kind: 'supplement' as const, requestHash, person };
      const given = await inTransaction(db, async (t) =>
        answerOnce(t, keyed, async () => {
          const entry = { requestId, person, now: clock.now() };
          const id = await enterSupplement(t, supplement, entry);
          return recorded(t, request, 'supplement.enter', await readStored(t.client, id));
        }),
      );
      return replyOnce(reply, given);
    },
  );
  app.delete(
    '/supplements/:supplementId',
    {
      config: edit,
      schema: {
        operationId: 'voidSupplement',
        tags,
        summary: 'Void a supplement before billing; repeating it changes nothing',
        params: strict({ supplementId: Id }),
        response: { 200: Supplement },
      },
    },
    async (request) =>
      inTransaction(db, async (t) => {
        const { supplementId } = request.params;
        const entry = { person: request.person.id, now: clock.now() };
        const isVoidedNow = await voidSupplement(t, supplementId, entry);
        const stored = await readStored(t.client, supplementId);
        return isVoidedNow ? recorded(t, request, 'supplement.void', stored) : stored;
      }),
  );
  app.get(
    '/supplements',
    {
      config: { permission: 'clearing.ledger_query' },
      schema: {
        operationId: 'listSupplements',
        tags,
        summary: 'Supplements, newest first, void ones included',
        querystring: Filter,
        response: { 200: pageOf(Supplement) },
      },
    },
    async ({ query }) => readSupplements(db.$client, query),
  );
};

type Stored = Awaited<ReturnType<typeof readStored>>;

/** Writes the event of what was stored and hands that on. */
async function recorded(
  { tx }: Transaction,
  request: FastifyRequest,
  action: 'supplement.enter' | 'supplement.void',
  after: Stored,
): Promise<Stored> {
  await recordAuditEvent(tx, {
    ...actorOf(request),
    action,
    outcome: 'ACCEPTED',
    targetType: 'supplement',
    targetId: String(after.supplementId),
    ledgerDate: after.ledgerDate,
    before: action === 'supplement.void' ? { ...after, voidedBy: null, voidedAt: null } : undefined,
    after,
  });
  return after;
}
