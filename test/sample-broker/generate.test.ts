import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../domain/calendar/business-date.ts';
import { ledgerCalendar, ledgerDateOf, nextLedgerDate } from '../../domain/calendar/ledger-date.ts';
import { marketCalendarsOf, type CalendarFile } from '../../domain/calendar/market-calendars.ts';
import { isOpen } from '../../domain/calendar/day-calendar.ts';
import { counterpartyFiles } from '../../scripts/sample-broker/counterparty-files.ts';
import {
  DEFAULT_OPTIONS,
  generateSampleBroker,
  generateTinyBroker,
} from '../../scripts/sample-broker/generate.ts';
import { finalExecutions, type SampleOrder } from '../../scripts/sample-broker/model.ts';
import {
  CARRIED_IN_ON,
  FIRST_LEDGER_DATE,
  LEDGER_DATES,
  OPENING_SESSIONS,
  SESSIONS,
} from '../../scripts/sample-broker/sessions.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const TUE_2025_12_23 = parseBusinessDate('2025-12-23');
const WED_2025_12_24 = parseBusinessDate('2025-12-24');
const THU_2025_12_25 = parseBusinessDate('2025-12-25');
const FRI_2025_12_26 = parseBusinessDate('2025-12-26');
const MON_2025_12_29 = parseBusinessDate('2025-12-29');

const small = { ...DEFAULT_OPTIONS, accounts: 40, ordersPerDay: 60 };
const broker = generateSampleBroker();
const orders = broker.sessions.flatMap((each) => each.orders);
const executions = orders.flatMap((order) => order.executions);
const files = counterpartyFiles(broker);

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

const calendarFile = JSON.parse(
  readFileSync(new URL('../../db/seed/calendars.json', import.meta.url), 'utf8'),
) as CalendarFile;
const calendars = marketCalendarsOf(calendarFile);
const MARKETS = {
  HK: { ...calendars.get('HK')!, overnight: false },
  US: { ...calendars.get('US')!, overnight: true },
};
const union = ledgerCalendar(Object.values(MARKETS));

describe('the sample week', () => {
  it('is the same for the same seed, down to the last row', () => {
    expect(digestOf(generateSampleBroker())).toBe(digestOf(broker));
    expect(digestOf(counterpartyFiles(generateSampleBroker()).manifest)).toBe(
      digestOf(files.manifest),
    );
  });

  it('is the same on every machine', () => {
    expect(digestOf([broker, [...files.contents]])).toBe('402194b3ed33408a');
  });

  it('is another week for another seed', () => {
    expect(digestOf(generateSampleBroker({ ...small, seed: 1 }))).not.toBe(
      digestOf(generateSampleBroker({ ...small, seed: 2 })),
    );
  });

  it('grows with its options', () => {
    const count = (options: typeof small): number =>
      generateSampleBroker(options).sessions.reduce((sum, each) => sum + each.orders.length, 0);
    expect(count({ ...small, scale: 3 })).toBeGreaterThan(2.9 * count(small));
    expect(generateSampleBroker(small).accounts).toHaveLength(40);
  });

  it('has the size of a real small broker', () => {
    expect(broker.accounts.length).toBeGreaterThanOrEqual(500);
    expect(broker.instruments.length).toBeGreaterThanOrEqual(60);
    expect(executions.length).toBeGreaterThanOrEqual(20_000);
    expect(LEDGER_DATES).toHaveLength(5);
    const filled = orders.filter((order) => order.executions.length > 0);
    expect(executions.length / filled.length).toBeCloseTo(3.3, 0);
  });

  it('has accounts and instruments of every kind', () => {
    expect(new Set(broker.accounts.map(({ kind }) => kind))).toEqual(new Set(['CASH', 'MARGIN']));
    const share = (status: string): number =>
      broker.accounts.filter((account) => account.status === status).length /
      broker.accounts.length;
    expect(share('CLOSED')).toBeGreaterThan(0.005);
    expect(share('FROZEN')).toBeGreaterThan(0.005);
    expect(share('ACTIVE')).toBeGreaterThan(0.9);
    expect(new Set(broker.instruments.map(({ type }) => type))).toEqual(
      new Set([
        'EQUITY',
        'ETF',
        'ETF_FI',
        'REIT',
        'DERIVATIVE_WARRANT',
        'CBBC',
        'INLINE_WARRANT',
        'US_EQUITY',
      ]),
    );
    const exempt = broker.instruments.filter((each) => each.stampDutyExempt);
    expect(exempt.map(({ type }) => type)).toEqual(['EQUITY']);
  });

  it('trades every instrument, in odd lots too, through every order channel in use', () => {
    expect(new Set(orders.map(({ instrument }) => instrument)).size).toBe(
      broker.instruments.length,
    );
    const isOdd = (order: SampleOrder): boolean =>
      order.executions.some(({ quantity }) => quantity % order.instrument.lotSize !== 0);
    expect(orders.filter(isOdd).length).toBeGreaterThan(100);
    expect(new Set(orders.map(({ orderChannel }) => orderChannel)).size).toBeGreaterThan(5);
    const channels = new Set(orders.map(({ settlementChannel }) => settlementChannel));
    expect(channels).toEqual(new Set(['CCASS', 'CCASS2', 'HKOTC', 'IB', 'IBFX']));
  });

  it('lets only active accounts trade', () => {
    const statuses = orders.map(({ account }) => broker.accounts[account]?.status);
    expect(new Set(statuses)).toEqual(new Set(['ACTIVE']));
  });

  it('gives every account what it sells', () => {
    const left = new Map(
      broker.holdings.map(({ account, asset, amount }) => [`${account}/${asset}`, amount]),
    );
    const all = [...broker.openingSessions, ...broker.sessions].flatMap((each) => each.orders);
    for (const order of all) {
      const key = `${order.account}/${order.instrument.instrumentId}`;
      for (const { quantity } of finalExecutions(order)) {
        left.set(key, (left.get(key) ?? 0) + (order.side === 'BUY' ? quantity : -quantity));
        expect(left.get(key)).toBeGreaterThanOrEqual(0);
      }
    }
  });
});

describe('its days', () => {
  it('are the five ledger dates around Christmas 2025', () => {
    expect(LEDGER_DATES).toEqual([
      MON_2025_12_22,
      TUE_2025_12_23,
      WED_2025_12_24,
      FRI_2025_12_26,
      MON_2025_12_29,
    ]);
    expect(FIRST_LEDGER_DATE).toBe(MON_2025_12_22);
    for (const [index, date] of LEDGER_DATES.slice(0, -1).entries()) {
      expect(nextLedgerDate(union, date)).toBe(LEDGER_DATES[index + 1]);
    }
    expect(isOpen(union, THU_2025_12_25)).toBe(false);
  });

  it('follow the calendars of the product', () => {
    expect(isOpen(union, CARRIED_IN_ON)).toBe(true);
    for (const { market, tradeDate, ledgerDate } of [...OPENING_SESSIONS, ...SESSIONS]) {
      expect(isOpen(MARKETS[market].trading, tradeDate)).toBe(true);
      expect(ledgerDateOf(MARKETS[market], tradeDate, union)).toBe(ledgerDate);
    }
    expect(isOpen(MARKETS.HK.trading, FRI_2025_12_26)).toBe(false);
    expect(SESSIONS.some((each) => each.market === 'HK' && each.tradeDate === FRI_2025_12_26)).toBe(
      false,
    );
  });

  it('are shorter where the calendars say so', () => {
    const closing = (market: string): string | undefined =>
      SESSIONS.find(
        (each) => each.market === market && each.tradeDate === WED_2025_12_24,
      )?.hours.at(-1)?.[1];
    const said = calendarFile.sessions.filter(({ day }) => day === WED_2025_12_24);
    expect(said.map(({ market, closesAt }) => [market, closesAt])).toEqual([
      ['HK', '12:00 Asia/Hong_Kong'],
      ['US', '13:00 America/New_York'],
    ]);
    expect([closing('HK'), closing('US')]).toEqual(['04:00', '18:00']);
  });

  it('keep every execution inside its session, recorded before the cutoff but for one', () => {
    const late: string[] = [];
    for (const { session, orders: ofDay } of broker.sessions) {
      const instant = (time: string): number => Date.parse(`${session.tradeDate}T${time}:00Z`);
      const cutoff = Date.parse(`${session.ledgerDate}T17:00:00+08:00`);
      for (const { executions: fills } of ofDay) {
        for (const { executionId, executedAt, recordedAt } of fills) {
          expect(
            session.hours.some(
              ([from, to]) => instant(from) <= executedAt && executedAt <= instant(to),
            ),
          ).toBe(true);
          expect(recordedAt).toBeGreaterThan(executedAt);
          if (recordedAt > cutoff) late.push(executionId);
        }
      }
    }
    expect(late).toHaveLength(1);
    const order = orders.find(({ executions: fills }) => fills[0]?.executionId === late[0]);
    expect(order).toMatchObject({ settlementChannel: 'HKOTC', orderChannel: 1 });
    expect(order?.orderId).toMatch(/^HK251223/);
  });

  it('begin with a clean one', () => {
    const first = broker.sessions.filter(({ session }) => session.ledgerDate === MON_2025_12_22);
    const versions = first.flatMap((each) => each.orders.flatMap((order) => order.executions));
    expect(versions.every(({ version, cancelled }) => version === 1 && !cancelled)).toBe(true);
  });

  it('hold a cancelled and a corrected execution of each market', () => {
    const second = executions.filter(({ version }) => version === 2);
    const kinds = second.map(({ executionId, cancelled }) => [executionId.slice(0, 2), cancelled]);
    expect(kinds).toEqual([
      ['US', true],
      ['US', false],
      ['HK', true],
      ['HK', false],
    ]);
    for (const { executionId, recordedAt } of second) {
      const former = executions.find((each) => each.executionId === executionId);
      expect(former).toMatchObject({ version: 1, supersededAt: recordedAt });
    }
  });
});

describe('the counterparty files', () => {
  const entries = files.manifest.ledgerDates.flatMap((day) =>
    day.files.map((file) => ({ ...file, ledgerDate: day.ledgerDate })),
  );

  const rowsOf = (name: string): string[][] =>
    files.contents
      .get(name)!
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));

  it('are there for every session and every channel that is reconciled', () => {
    expect(entries).toHaveLength(2 * SESSIONS.length);
    expect(entries.every(({ file }) => files.contents.has(file))).toBe(true);
  });

  it('say what the front office says, but for one row', () => {
    const incomplete: string[] = [];
    for (const { session, orders: ofDay } of broker.sessions) {
      for (const entry of entries.filter(
        (each) => each.market === session.market && each.tradeDate === session.tradeDate,
      )) {
        const ours = ofDay
          .filter((order) => order.settlementChannel === entry.settlementChannel)
          .flatMap((order) => finalExecutions(order).map((each) => [order, each] as const));
        const theirs = rowsOf(entry.correctedFile ?? entry.file);
        expect(theirs.map((row) => row.slice(3, 7))).toEqual(
          ours.map(([order, { quantity }]) => [
            order.instrument.instrumentId,
            order.instrument.currency,
            order.side,
            String(quantity),
          ]),
        );
        if (entry.correctedFile === undefined) continue;
        incomplete.push(entry.file);
        expect(rowsOf(entry.file)).toHaveLength(theirs.length - 1);
        expect(broker.missingFromFiles.size).toBe(1);
      }
    }
    expect(incomplete).toEqual([`${TUE_2025_12_23}-CCASS.csv`]);
  });

  it('know our numbers only where the channel is matched by them', () => {
    const [serial, orderId] = rowsOf(`${MON_2025_12_22}-CCASS.csv`)[0]!;
    expect(serial).toMatch(/^HK251222-\d{6}-\d$/);
    expect(serial).toContain(orderId);
    const [theirSerial, ourOrder] = rowsOf(`${MON_2025_12_22}-IB.csv`)[0]!;
    expect([theirSerial, ourOrder]).toEqual(['IB202512220000001', 'US251222-000001']);
    expect(rowsOf(`${MON_2025_12_22}-IBFX.csv`)[0]![1]).toMatch(/^IBFX20251222P/);
  });

  it('use a serial once', () => {
    for (const { file } of entries) {
      const serials = rowsOf(file).map(([serial]) => serial);
      expect(new Set(serials).size).toBe(serials.length);
    }
  });
});

describe('the tiny broker', () => {
  it('has accounts to trade with and nothing traded', () => {
    const tiny = generateTinyBroker();
    expect(tiny.accounts).toHaveLength(30);
    expect(tiny.sessions).toEqual([]);
    const special = tiny.accounts.filter((each) => each.status !== 'ACTIVE' || !each.tariff);
    expect(special.map(({ accountNo, status, tariff }) => [accountNo, status, tariff])).toEqual([
      ['20000028', 'CLOSED', 'vip'],
      ['20000029', 'FROZEN', 'vip'],
      ['20000030', 'ACTIVE', null],
    ]);
  });
});
