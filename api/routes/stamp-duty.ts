import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import {
  editStampDuty,
  stampDutyOf,
  type NewStampDutyEdit,
  type StampDutyView as View,
} from '../../db/stamp-duty.repository.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { actorOf } from '../audit-actor.ts';
import { Day, Instant, list, nullable, prose, shape, strict, Word } from '../schemas/fields.ts';

const tags = ['reference data'];
const params = strict({ instrumentId: Word });
const Exempt = Type.Unsafe<boolean | null>({
  type: ['boolean', 'null'],
  description: 'null: the flag of the master data counts again.',
});

const StampDutyView = shape({
  instrumentId: Type.String(),
  market: Type.String(),
  tradeDate: Day,
  masterDataExempt: Type.Boolean({ description: 'The flag as the last sync brought it.' }),
  exempt: Type.Boolean({
    description: 'What billing uses for a trade of that date; only rules of Hong Kong look at it.',
  }),
  editNo: nullable(Type.Integer({ description: 'The edit that counts; null = the flag does.' })),
  edits: list(
    shape({
      editNo: Type.Integer(),
      exempt: Exempt,
      effectiveFrom: Day,
      expiresOn: Day,
      reason: Type.String(),
      ledgerDate: Day,
      editor: Type.String(),
      editedAt: Instant,
    }),
    { description: 'Every edit of the instrument, oldest first.' },
  ),
});

/** 印花税豁免: whether an instrument pays stamp duty, over what its master data says. */
export const stampDutyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, clock } = app.daycut;
  app.get(
    '/instruments/:instrumentId/stamp-duty',
    {
      config: { permission: 'lb_hk_clearing.clearing_busin_steps' },
      schema: {
        operationId: 'getStampDuty',
        tags,
        summary: 'Whether an instrument is exempt on a trade date, who said so, and every edit',
        params,
        querystring: strict({ tradeDate: Day }),
        response: { 200: StampDutyView },
      },
    },
    async ({ params: { instrumentId }, query: { tradeDate } }) =>
      stampDutyOf({ tx: db, client: db.$client }, instrumentId, tradeDate),
  );
  app.post(
    '/instruments/:instrumentId/stamp-duty-edits',
    {
      config: { permission: 'lb_hk_clearing.clearing_busin_step_edit' },
      schema: {
        operationId: 'editStampDuty',
        tags,
        summary: 'Edit the exemption before billing, for some trade dates; a sync leaves it alone',
        params,
        body: strict({
          ledgerDate: Day,
          exempt: Exempt,
          effectiveFrom: Day,
          expiresOn: Type.Unsafe<BusinessDate>({
            ...Day,
            description: 'The last trade date that it holds for.',
          }),
          reason: prose(500),
        }),
        response: { 200: StampDutyView },
      },
    },
    async (request) => {
      const edit = { ...request.body, ...request.params, person: request.person.id };
      return inTransaction(db, (t) => editRecorded(t, request, { ...edit, now: clock.now() }));
    },
  );
};

/** The edit and its event, with what counted before on its first day. */
async function editRecorded(
  t: Transaction,
  request: FastifyRequest,
  edit: NewStampDutyEdit,
): Promise<View> {
  const { instrumentId, ledgerDate, exempt, effectiveFrom, expiresOn, reason } = edit;
  const before = await stampDutyOf(t, instrumentId, effectiveFrom);
  const editNo = await editStampDuty(t, edit);
  await recordAuditEvent(t.tx, {
    ...actorOf(request),
    action: 'stamp_duty.edit',
    outcome: 'ACCEPTED',
    targetType: 'instrument',
    targetId: instrumentId,
    ledgerDate,
    before: { exempt: before.exempt, editNo: before.editNo },
    after: { exempt, editNo, effectiveFrom, expiresOn, reason },
  });
  return stampDutyOf(t, instrumentId, effectiveFrom);
}
