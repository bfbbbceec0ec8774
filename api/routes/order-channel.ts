import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import {
  channelEditsOf,
  editOrderChannel,
  type ChannelEdit as NewChannelEdit,
  type EditedChannel,
} from '../../db/order-channel.repository.ts';
import { pageOfAll } from '../../db/queries/page.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import { actorOf } from '../audit-actor.ts';
import { Day, Instant, shape, strict, Word } from '../schemas/fields.ts';
import { OrderChannelCode } from '../schemas/inbound.ts';
import { pageOf, WHOLE_QUERY } from '../schemas/page.ts';

const tags = ['orders'];
const params = strict({ orderId: Word });

const ChannelEdit = shape({
  manualOpEntrustWay: Type.Integer(),
  editor: Type.String(),
  editedAt: Instant,
  current: Type.Boolean({ description: 'The one that counts.' }),
});

/** 下单渠道: where an order came from, which can select its fees. */
export const orderChannelRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, clock } = app.daycut;
  app.post(
    '/orders/:orderId/channel',
    {
      config: { permission: 'clearing.order_channel_edit' },
      schema: {
        operationId: 'editOrderChannel',
        tags,
        summary: 'Edit the order channel before billing; the original is kept',
        params,
        body: strict({ ledgerDate: Day, manualOpEntrustWay: OrderChannelCode }),
        response: {
          200: shape({
            ledgerDate: Day,
            flow: Type.String(),
            orderId: Type.String(),
            orderChannel: Type.Integer({ description: 'As the front office sent it.' }),
            manualOpEntrustWay: Type.Integer({ description: 'What billing will use.' }),
            editor: Type.String(),
            editedAt: Instant,
          }),
        },
      },
    },
    async (request) => {
      const { ledgerDate, manualOpEntrustWay: channel } = request.body;
      const edit = { ...request.params, ledgerDate, channel, person: request.person.id };
      return inTransaction(db, (t) => editRecorded(t, request, { ...edit, now: clock.now() }));
    },
  );
  app.get(
    '/orders/:orderId/channel-edits',
    {
      config: { permission: 'lb_hk_clearing.clearing_busin_steps' },
      schema: {
        operationId: 'listChannelEdits',
        tags,
        summary: 'Every edit of the channel of an order on a ledger date, oldest first',
        params,
        querystring: strict({ ...WHOLE_QUERY, ledgerDate: Day }),
        response: { 200: pageOf(ChannelEdit) },
      },
    },
    async ({ params: { orderId }, query: { ledgerDate, ...request } }) => {
      const edits = await channelEditsOf({ tx: db, client: db.$client }, ledgerDate, orderId);
      return pageOfAll(edits, `channel edits of ${ledgerDate} ${orderId}`, request);
    },
  );
};

/** The edit and its event, with the channel that counted before. */
async function editRecorded(
  t: Transaction,
  request: FastifyRequest,
  edit: NewChannelEdit,
): Promise<EditedChannel> {
  const { ledgerDate, orderId, channel } = edit;
  const before = (await channelEditsOf(t, ledgerDate, orderId)).at(-1);
  const edited = await editOrderChannel(t, edit);
  await recordAuditEvent(t.tx, {
    ...actorOf(request),
    action: 'order_channel.edit',
    outcome: 'ACCEPTED',
    targetType: 'order',
    targetId: orderId,
    ledgerDate,
    before: { channel: before?.manualOpEntrustWay ?? edited.orderChannel },
    after: { channel },
  });
  return edited;
}
