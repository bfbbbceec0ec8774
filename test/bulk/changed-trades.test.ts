import { afterEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import {
  addTrade,
  changeFill,
  changeOrder,
  EQUITY,
  MON_2025_12_22,
  recordInstrument,
  rollTo,
  smallBroker,
  TUE_2025_12_23,
  WED_2025_12_24,
} from './support/broker.ts';
import { count, statesOf } from './support/books.ts';
import { runStep, type Place } from './support/run-step.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const TUESDAY: Place = { ...MONDAY, ledgerDate: TUE_2025_12_23 };
const WEDNESDAY: Place = { ...MONDAY, ledgerDate: WED_2025_12_24 };
/** The cutoff of these dates is 17:00 in Hong Kong. */
const MON_18_00 = '2025-12-22T10:00:00Z';
const TUE_09_00 = '2025-12-23T01:00:00Z';

let db: Db;
afterEach(() => db.$client.end());

async function clear(place: Place) {
  const sync = await runStep(db, place, 'sync');
  for (const step of ['billing', 'posting', 'settlement'] as const) await runStep(db, place, step);
  return sync;
}

async function clearNext(place: Place) {
  await rollTo(db, place.ledgerDate);
  return clear(place);
}

const buy = (orderId: string, more: Partial<Parameters<typeof addTrade>[1]> = {}) =>
  addTrade(db, { orderId, accountNo: 'A0001', fills: [[`${orderId}-1`, '100', '50']], ...more });

async function exceptionsOn({ ledgerDate }: Place): Promise<string[]> {
  const { rows } = await db.$client.query<{ line: string }>(
    `SELECT execution_id || ' ' || reason AS line FROM trade_exceptions WHERE ledger_date = $1
     ORDER BY 1`,
    [ledgerDate],
  );
  return rows.map(({ line }) => line);
}

const bookedOn = async ({ ledgerDate }: Place): Promise<string[]> => {
  const { rows } = await db.$client.query<{ orderId: string }>(
    'SELECT order_id AS "orderId" FROM live_contracts WHERE ledger_date = $1 ORDER BY 1',
    [ledgerDate],
  );
  return rows.map(({ orderId }) => orderId);
};

describe('what the front office records after the cutoff and sends before the sync', () => {
  it('is a change that the next ledger date lists, and the one after it does not', async () => {
    db = await smallBroker();
    await buy('O1');
    await changeFill(db, 'O1-1', { price: '51', at: MON_18_00 });
    expect((await clear(MONDAY)).result).toMatchObject({ executions: 1, complete: {} });
    const tuesday = await clearNext(TUESDAY);
    expect(tuesday.result).toMatchObject({ exceptionsByReason: { CHANGED_AFTER_POSTING: 1 } });
    expect(tuesday.result['complete']).toEqual({ [`HK ${MON_2025_12_22}`]: 2 });
    expect((await clearNext(WEDNESDAY)).status).toBe('SUCCEEDED_EMPTY');
    expect(await exceptionsOn(WEDNESDAY)).toEqual([]);
  });

  it('is a cancel and another trade: one is listed and the other one booked', async () => {
    db = await smallBroker();
    await buy('O1');
    await changeFill(db, 'O1-1', { cancelled: true, at: MON_18_00 });
    await buy('O2', { recordedAt: MON_18_00 });
    await clear(MONDAY);
    expect(await bookedOn(MONDAY)).toEqual(['O1']);
    await clearNext(TUESDAY);
    expect(await bookedOn(TUESDAY)).toEqual(['O2']);
    expect(await exceptionsOn(TUESDAY)).toEqual(['O1-1 CHANGED_AFTER_POSTING']);
  });

  it('is a cancelled order, which is listed as well', async () => {
    db = await smallBroker();
    await buy('O1');
    await changeOrder(db, 'O1', { cancelled: true, at: MON_18_00 });
    await clear(MONDAY);
    expect(await bookedOn(MONDAY)).toEqual(['O1']);
    await clearNext(TUESDAY);
    expect(await exceptionsOn(TUESDAY)).toEqual(['O1-1 CHANGED_AFTER_POSTING']);
  });
});

describe('an order that changes after posting', () => {
  it('is listed by its trades once, with both versions, though no trade comes', async () => {
    db = await smallBroker();
    await buy('O1');
    await buy('O2');
    await clear(MONDAY);
    await changeOrder(db, 'O1', { cancelled: true, at: TUE_09_00 });
    await changeOrder(db, 'O2', { side: 'SELL', at: TUE_09_00 });
    await clearNext(TUESDAY);
    const { rows } = await db.$client.query(
      'SELECT order_id, details FROM trade_exceptions ORDER BY 1',
    );
    const same = { bookedVersion: 1, version: 1, cancelled: false, bookedOn: MON_2025_12_22 };
    expect(rows).toMatchObject(
      [true, false].map((orderCancelled, index) => ({
        order_id: `O${index + 1}`,
        details: { ...same, bookedOrderVersion: 1, orderVersion: 2, orderCancelled },
      })),
    );
    expect((await clearNext(WEDNESDAY)).status).toBe('SUCCEEDED_EMPTY');
    expect(await exceptionsOn(WEDNESDAY)).toEqual([]);
  });

  it('is listed when it is told late, whatever its recording time says', async () => {
    db = await smallBroker();
    await buy('O1');
    await clear(MONDAY);
    await changeOrder(db, 'O1', { side: 'SELL', at: '2025-12-22T02:00:00Z' });
    await clearNext(TUESDAY);
    expect(await exceptionsOn(TUESDAY)).toEqual(['O1-1 CHANGED_AFTER_POSTING']);
  });

  it('is not listed for another quantity, of which a contract holds nothing', async () => {
    db = await smallBroker();
    await buy('O1');
    await clear(MONDAY);
    await changeOrder(db, 'O1', { quantity: '5000', at: TUE_09_00 });
    await buy('O1', { tradeDate: TUE_2025_12_23, fills: [['O1-2', '100', '50']] });
    await clearNext(TUESDAY);
    expect(await exceptionsOn(TUESDAY)).toEqual([]);
    expect(await bookedOn(TUESDAY)).toEqual(['O1']);
  });
});

describe('a trade whose date is corrected to an earlier one', () => {
  it('is listed and not booked a second time', async () => {
    db = await smallBroker();
    await clear(MONDAY);
    await buy('O1', { tradeDate: TUE_2025_12_23 });
    await clearNext(TUESDAY);
    const at = '2025-12-24T01:00:00Z';
    await changeFill(db, 'O1-1', { tradeDate: MON_2025_12_22, at });
    await clearNext(WEDNESDAY);
    expect(await exceptionsOn(WEDNESDAY)).toEqual(['O1-1 CHANGED_AFTER_POSTING']);
    expect(await count(db, 'live_contracts')).toBe(1);
  });
});

describe('a cancelled order', () => {
  it('sets its trades aside under a reason of its own, until it is there again', async () => {
    db = await smallBroker();
    await buy('O1');
    await changeOrder(db, 'O1', { cancelled: true, at: '2025-12-22T03:00:00Z' });
    await clear(MONDAY);
    expect(await exceptionsOn(MONDAY)).toEqual(['O1-1 ORDER_CANCELLED']);
    await changeOrder(db, 'O1', { at: TUE_09_00 });
    await clearNext(TUESDAY);
    expect(await bookedOn(TUESDAY)).toEqual(['O1']);
    expect(await exceptionsOn(TUESDAY)).toEqual([]);
  });

  it('whose trades are cancelled too leaves nothing to list', async () => {
    db = await smallBroker();
    await buy('O1');
    const at = '2025-12-22T03:00:00Z';
    await changeOrder(db, 'O1', { cancelled: true, at });
    await changeFill(db, 'O1-1', { cancelled: true, at });
    expect((await clear(MONDAY)).status).toBe('SUCCEEDED_EMPTY');
  });
});

describe('master data', () => {
  const isExempt = async (): Promise<boolean | undefined> => {
    const { rows } = await db.$client.query<{ exempt: boolean }>(
      'SELECT stamp_duty_exempt AS exempt FROM instruments WHERE instrument_id = $1',
      [EQUITY],
    );
    return rows[0]?.exempt;
  };

  it('is that of the cutoff: a later version is for the next ledger date', async () => {
    db = await smallBroker();
    await buy('O1');
    await recordInstrument(db, {
      instrumentId: EQUITY,
      version: 2,
      stampDutyExempt: true,
      at: MON_18_00,
    });
    await clear(MONDAY);
    expect(await isExempt()).toBe(false);
    await buy('O2', { tradeDate: TUE_2025_12_23, recordedAt: TUE_09_00 });
    await clearNext(TUESDAY);
    expect(await isExempt()).toBe(true);
  });

  it('lets a trade in an instrument of after the cutoff wait for the next ledger date', async () => {
    db = await smallBroker();
    const instrumentId = '02675.HK';
    await buy('O1', { instrumentId });
    await recordInstrument(db, { instrumentId, version: 1, stampDutyExempt: false, at: MON_18_00 });
    await clear(MONDAY);
    expect(await exceptionsOn(MONDAY)).toEqual(['O1-1 UNKNOWN_INSTRUMENT']);
    await clearNext(TUESDAY);
    expect(await statesOf(db)).toEqual({ O1: 4 });
  });
});
