import { once } from 'node:events';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Db } from '../db/client.ts';
import { openLedgerDate } from '../db/ledger-dates.repository.ts';
import { seedReference } from '../db/seed/reference.ts';
import { inTransaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';

/** The day that is cleared: an ordinary one in Hong Kong. */
export const BENCH_DATE = '2025-12-22' as BusinessDate;
export const BENCH_FLOW = 'HK';

const EXECUTIONS_PER_ORDER = 3.3;
const ORDERS_PER_ACCOUNT = 3;
const INSTRUMENTS = 400;
const VIP_SHARE = 0.15;
const CHANNELS = 10;
const ACCOUNTS =
  'front_office.accounts (account_no, kind, status, opened_on, closed_on, recorded_at)';
const INSTRUMENT_TABLE = `front_office.instruments (instrument_id, market, type, name, currency,
  lot_size, stamp_duty_exempt, recorded_at)`;
const ORDERS = `front_office.orders (order_id, version, account_no, instrument_id, market, side,
  order_channel, settlement_channel, quantity, cancelled, recorded_at, superseded_at)`;
const SESSION_START = Date.parse(`${BENCH_DATE}T01:30:00Z`);
const SESSION_MS = 5.5 * 3_600_000;
const TYPES = ['EQUITY', 'EQUITY', 'EQUITY', 'EQUITY', 'ETF', 'REIT', 'DERIVATIVE_WARRANT', 'CBBC'];

/** A small seeded generator (mulberry32): the same trades on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One COPY that rows are streamed into; it waits when the server is behind. */
class CopyTarget {
  private readonly stream: ReturnType<typeof copyFrom>;
  private pending = '';

  constructor(client: pg.PoolClient, target: string) {
    this.stream = client.query(copyFrom(`COPY ${target} FROM STDIN`));
  }

  async row(text: string): Promise<void> {
    this.pending += text;
    if (this.pending.length < 1 << 16) return;
    const isReady = this.stream.write(this.pending);
    this.pending = '';
    if (!isReady) await once(this.stream, 'drain');
  }

  async end(): Promise<void> {
    this.stream.end(this.pending);
    await once(this.stream, 'finish');
  }
}

async function copyAll(db: Db, target: string, rows: Iterable<string>): Promise<void> {
  const client = await db.$client.connect();
  try {
    const copy = new CopyTarget(client, target);
    for (const row of rows) await copy.row(row);
    await copy.end();
  } finally {
    client.release();
  }
}

const accountNo = (n: number): string => `C${String(n).padStart(7, '0')}`;
const instrumentId = (n: number): string => `${String(n).padStart(5, '0')}.HK`;

function* accountRows(count: number): Generator<string> {
  for (let n = 1; n <= count; n += 1) {
    yield `${accountNo(n)}\tCASH\tACTIVE\t2020-01-01\t\\N\t2020-01-01T00:00:00Z\n`;
  }
}

function* instrumentRows(): Generator<string> {
  for (let n = 1; n <= INSTRUMENTS; n += 1) {
    const id = instrumentId(n);
    const type = TYPES[n % TYPES.length] ?? 'EQUITY';
    yield `${id}\tHK\t${type}\tBench ${n}\tHKD\t100\tf\t2020-01-01T00:00:00Z\n`;
  }
}

interface Order {
  readonly id: string;
  readonly row: string;
  readonly side: string;
  readonly instrument: string;
  readonly at: number;
}

/** Orders in the order in which a day brings them, each with its fills. */
class Day {
  private readonly random = randomFrom(20_251_222);
  private readonly accounts: number;
  private readonly orders: number;
  private executionId = 0;

  constructor(executions: number) {
    this.orders = Math.round(executions / EXECUTIONS_PER_ORDER);
    this.accounts = accountsFor(executions);
  }

  *all(): Generator<{ order: Order; executions: string[]; fileRows: string[] }> {
    for (let n = 1; n <= this.orders; n += 1) {
      const order = this.order(n);
      const executions: string[] = [];
      const fileRows: string[] = [];
      const count = this.fills();
      const cents = 50 + Math.floor(this.random() * 30_000);
      for (let fill = 1; fill <= count; fill += 1) {
        this.executionId += 1;
        const id = `E${String(this.executionId).padStart(9, '0')}`;
        const quantity = 100 * (1 + Math.floor(this.random() * 40));
        const units = (cents + (fill % 3)) * quantity;
        const price = `${Math.floor((cents + (fill % 3)) / 100)}.${two(cents + (fill % 3))}`;
        const amount = `${Math.floor(units / 100)}.${two(units)}`;
        const at = new Date(order.at + fill * 500).toISOString();
        executions.push(
          `${id}\t1\t${order.id}\tHK\t${BENCH_DATE}\t${quantity}\t${price}\tf\t${at}\t${at}\t\\N\n`,
        );
        fileRows.push(
          `1\t${this.executionId}\t${id}\t${order.id}\tB01\t${order.instrument}\tHKD` +
            `\t${order.side}\t${quantity}\t${price}\t${amount}\n`,
        );
      }
      yield { order, executions, fileRows };
    }
  }

  private order(n: number): Order {
    const id = `O${String(n).padStart(9, '0')}`;
    const account = accountNo(1 + Math.floor(this.random() * this.accounts));
    const instrument = instrumentId(1 + Math.floor(this.random() ** 2 * INSTRUMENTS));
    const side = this.random() < 0.52 ? 'BUY' : 'SELL';
    const channel = Math.floor(this.random() ** 2 * CHANNELS);
    const at = SESSION_START + Math.floor((n / this.orders) * SESSION_MS);
    const time = new Date(at).toISOString();
    const row =
      `${id}\t1\t${account}\t${instrument}\tHK\t${side}\t${channel}\tCCASS\t4000\tf` +
      `\t${time}\t\\N\n`;
    return { id, row, side, instrument, at };
  }

  /** 1 to 8 fills, 3.3 on average. */
  private fills(): number {
    const draw = this.random();
    return draw < 0.3 ? 1 : draw < 0.5 ? 2 : draw < 0.65 ? 3 : 4 + Math.floor(this.random() * 5.15);
  }
}

const two = (value: number): string => String(value % 100).padStart(2, '0');

/** About 95 % of the accounts trade. */
const accountsFor = (executions: number): number =>
  Math.max(20, Math.round(executions / EXECUTIONS_PER_ORDER / ORDERS_PER_ACCOUNT));

/** Fills a migrated database with a trading day. Returns how many executions it has. */
export async function generateDay(db: Db, executions: number): Promise<number> {
  await inTransaction(db, seedReference);
  await copyAll(db, ACCOUNTS, accountRows(accountsFor(executions)));
  await copyAll(db, INSTRUMENT_TABLE, instrumentRows());
  await db.$client.query(
    `INSERT INTO accounts (account_no, kind, status, opened_on)
     SELECT account_no, kind, status, opened_on FROM front_office.accounts ORDER BY account_no`,
  );
  await db.$client.query(
    `INSERT INTO account_fee_schedules (account_id, market, schedule_id, effective_from)
     SELECT account_id, 'HK', CASE WHEN account_id % 100 < $1::numeric * 100 THEN 'sample-hk-vip'
       ELSE 'sample-hk-retail' END, '2020-01-01' FROM accounts`,
    [VIP_SHARE],
  );
  const made = await copyDay(db, executions);
  await db.$client.query(
    `INSERT INTO trade_files (request_id, market, settlement_channel, trade_date, name, sha256,
       status, row_count, bad_row_count, imported_by)
     VALUES ('bench', 'HK', 'CCASS', $1, 'bench.csv', '', 'CURRENT', $2, 0, 'bench')`,
    [BENCH_DATE, made],
  );
  await inTransaction(db, ({ tx }) =>
    openLedgerDate(tx, BENCH_DATE, new Date(`${BENCH_DATE}T09:00:00Z`)),
  );
  await db.$client.query('VACUUM ANALYZE front_office.orders, front_office.executions');
  await db.$client.query('ANALYZE');
  return made;
}

async function copyDay(db: Db, executions: number): Promise<number> {
  const clients = await Promise.all([1, 2, 3].map(() => db.$client.connect()));
  const [one, two_, three] = clients;
  if (!one || !two_ || !three) throw new Error('no connection');
  try {
    const orders = new CopyTarget(one, ORDERS);
    const fills = new CopyTarget(two_, 'front_office.executions');
    const file = new CopyTarget(three, 'trade_file_rows');
    let made = 0;
    for (const day of new Day(executions).all()) {
      await orders.row(day.order.row);
      for (const row of day.executions) await fills.row(row);
      for (const row of day.fileRows) await file.row(row);
      made += day.executions.length;
    }
    await Promise.all([orders.end(), fills.end(), file.end()]);
    return made;
  } finally {
    for (const client of clients) client.release();
  }
}
