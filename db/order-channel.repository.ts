import { and, asc, eq } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { orderChannelRefusal } from '../domain/supplements/order-channel.ts';
import { isOrderBooked } from './booked-orders.ts';
import type { Tx } from './client.ts';
import { lockFlow } from './flows.repository.ts';
import { lockOpenLedgerDate } from './open-ledger-date.ts';
import type { Reader } from './queries/rows.ts';
import { orderChannelEdits } from './schema/trades.ts';
import type { Transaction } from './transaction.ts';

export interface ChannelEdit {
  readonly ledgerDate: BusinessDate;
  readonly orderId: string;
  /** 0–9. */
  readonly channel: number;
  readonly person: string;
  /** By the clock port. */
  readonly now: Date;
}

export interface EditedChannel {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly orderId: string;
  /** As the front office sent it; an edit leaves it alone. */
  readonly orderChannel: number;
  readonly manualOpEntrustWay: number;
  readonly editor: string;
  readonly editedAt: string;
}

/**
 * Edits the order channel that billing will use. The original stays beside it, earlier edits stay
 * as history, and a re-sync keeps it, since it is kept by the source's order id. Throws
 * LEDGER_DATE_NOT_CURRENT, NOT_FOUND (not in the current snapshot), ORDER_ALREADY_BILLED or
 * STEP_IN_PROGRESS; then nothing is written.
 */
export async function editOrderChannel(t: Transaction, edit: ChannelEdit): Promise<EditedChannel> {
  const { orderId, channel, person } = edit;
  const ledgerDate = await lockOpenLedgerDate(t.tx, edit.ledgerDate);
  const flow = await flowOfOrder(t.client, ledgerDate, orderId);
  if (flow === undefined) throw new ClearingError('NOT_FOUND', { ledgerDate, orderId });
  const state = await lockFlow(t.tx, { ledgerDate, flow });
  const refusal = orderChannelRefusal(state, await isOrderBooked(t, ledgerDate, orderId));
  if (refusal) throw new ClearingError(refusal.code, { orderId, ...refusal.details });
  const orderChannel = await snapshotChannel(t, { ledgerDate, flow }, orderId);
  if (orderChannel === undefined) {
    throw new ClearingError('NOT_FOUND', { ledgerDate, orderId, where: 'the current snapshot' });
  }
  await t.tx
    .update(orderChannelEdits)
    .set({ current: false })
    .where(
      and(
        eq(orderChannelEdits.ledgerDate, ledgerDate),
        eq(orderChannelEdits.orderId, orderId),
        eq(orderChannelEdits.current, true),
      ),
    );
  const editedAt = edit.now.toISOString();
  await t.tx
    .insert(orderChannelEdits)
    .values({ ledgerDate, flow, orderId, channel, editor: person, editedAt, current: true });
  return {
    ledgerDate,
    flow,
    orderId,
    orderChannel,
    manualOpEntrustWay: channel,
    editor: person,
    editedAt,
  };
}

/**
 * Every edit of an order on a ledger date, oldest first; the newest is the one that counts. Throws
 * NOT_FOUND for an order that nobody sent.
 */
export async function channelEditsOf(
  { tx, client }: { readonly tx: Tx; readonly client: Reader },
  ledgerDate: BusinessDate,
  orderId: string,
) {
  if ((await flowOfOrder(client, ledgerDate, orderId)) === undefined) {
    throw new ClearingError('NOT_FOUND', { ledgerDate, orderId });
  }
  const rows = await tx
    .select()
    .from(orderChannelEdits)
    .where(
      and(eq(orderChannelEdits.ledgerDate, ledgerDate), eq(orderChannelEdits.orderId, orderId)),
    )
    .orderBy(asc(orderChannelEdits.editNo));
  return rows.map(({ channel, editor, editedAt, current }) => ({
    manualOpEntrustWay: channel,
    editor,
    editedAt: new Date(editedAt).toISOString(),
    current,
  }));
}

/** From any snapshot of the date; else, before the first one, from the front office. */
async function flowOfOrder(
  reader: Reader,
  ledgerDate: BusinessDate,
  orderId: string,
): Promise<string | undefined> {
  const { rows } = await reader.query<{ flow: string }>(
    `(SELECT flow FROM orders WHERE ledger_date = $1 AND order_id = $2 LIMIT 1)
     UNION ALL
     (SELECT m.flow FROM front_office.orders f JOIN markets m ON m.market = f.market
      WHERE f.order_id = $2 LIMIT 1)`,
    [ledgerDate, orderId],
  );
  return rows[0]?.flow;
}

/** The original channel of an order in the snapshots that count; after a revoke several can. */
async function snapshotChannel(
  t: Transaction,
  ref: { readonly ledgerDate: BusinessDate; readonly flow: string },
  orderId: string,
): Promise<number | undefined> {
  const { rows } = await t.client.query<{ channel: number }>(
    `SELECT order_channel AS channel FROM live_orders
     WHERE ledger_date = $1 AND flow = $2 AND order_id = $3
     ORDER BY sync_run_id DESC LIMIT 1`,
    [ref.ledgerDate, ref.flow, orderId],
  );
  return rows[0]?.channel;
}
