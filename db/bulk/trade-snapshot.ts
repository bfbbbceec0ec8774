import type { TradeExceptionReason } from '../../domain/trades/trade.ts';
import { ChunkWriter, chunkSizeOf, type ShardAttempt } from './chunk-writer.ts';
import { CopyBuffer, copyField, COPY_NULL, fromCopyField } from './copy-buffer.ts';
import { copyIn, readLines } from './copy-stream.ts';
import { IdBlock } from './ids.ts';
import { integer, text } from './sql-literal.ts';
import { changedTrades } from './changed-trades.ts';
import { tradesQuery } from './sync-queries.ts';
import type { SyncScope } from './sync-scope.ts';

/** As many as a shard has rows: each reservation waits for the disk once. */
const ID_BLOCK = 15_000;

const ORDERS = `orders (ledger_date, order_no, sync_run_id, flow, market, source, order_id,
  order_version, account_id, asset_id, side, order_channel, settlement_channel, trade_date,
  cash_settlement_date, securities_settlement_date, stage, ems_order_no)`;
const EXECUTIONS = `executions (ledger_date, order_no, execution_no, execution_id,
  execution_version, serial, quantity, price, executed_at)`;
const EXCEPTIONS =
  'trade_exceptions (ledger_date, sync_run_id, execution_id, order_id, reason, details)';

type Cursor = readonly [accountId: number, orderId: string, tradeDate: string];

class Batch {
  readonly orders = new CopyBuffer(1 << 20);
  readonly executions = new CopyBuffer(1 << 21);
  readonly exceptions = new CopyBuffer(1 << 12);

  clear(): void {
    this.orders.clear();
    this.executions.clear();
    this.exceptions.clear();
  }
}

/**
 * Copies the trades of an account range into the snapshot of a sync run: one order row for each
 * (order, trade date), numbered in account order, and one row for each execution. What names an
 * unknown account, instrument or order, or a cancelled order, is set aside with the reason.
 */
export class TradeSnapshot {
  private readonly attempt: ShardAttempt;
  private readonly scope: SyncScope;
  private readonly writer: ChunkWriter;
  private readonly chunkSize: number;
  private readonly ids: IdBlock;
  private batch = new Batch();
  private spare = new Batch();
  /** The group of executions that is being read: account, order, trade date. */
  private account = '';
  private order = '';
  private tradeDate = '';
  private orderNo = 0;
  private executionNo = 0;

  constructor(attempt: ShardAttempt, scope: SyncScope) {
    this.attempt = attempt;
    this.scope = scope;
    this.writer = new ChunkWriter(attempt);
    this.chunkSize = chunkSizeOf(attempt);
    this.ids = new IdBlock(attempt.db, 'order_no_seq', ID_BLOCK);
  }

  async run(): Promise<void> {
    const { db, claim } = this.attempt;
    const after = claim.cursor === '' ? undefined : (JSON.parse(claim.cursor) as Cursor);
    if (after === undefined && claim.shard === 0) await this.setChangedTradesAside();
    try {
      await readLines(db, tradesQuery(this.scope, claim, after), (line) => this.take(line));
      await this.flush();
    } finally {
      await this.writer.finish();
    }
  }

  private take(line: string): Promise<void> | undefined {
    const fields = line.split('\t');
    const [account = '', order = '', tradeDate = ''] = fields;
    if (order === this.order && tradeDate === this.tradeDate && account === this.account) {
      this.writeExecution(fields);
      return undefined;
    }
    if (this.isFull() || !this.ids.isReady) return this.makeRoom(fields);
    this.startGroup(fields);
    return undefined;
  }

  private startGroup(fields: string[]): void {
    [this.account = '', this.order = '', this.tradeDate = ''] = fields;
    this.executionNo = 0;
    if (reasonOf(fields) === undefined) this.writeOrder(fields);
    this.writeExecution(fields);
  }

  private async makeRoom(fields: string[]): Promise<void> {
    if (this.isFull()) await this.flush();
    await this.ids.reserve(1);
    this.startGroup(fields);
  }

  private isFull(): boolean {
    const { orders, exceptions } = this.batch;
    return orders.rows >= this.chunkSize || exceptions.rows >= this.chunkSize;
  }

  private writeOrder(f: string[]): void {
    const { ledgerDate, flow } = this.scope;
    this.orderNo = this.ids.take();
    this.batch.orders.row(
      `${ledgerDate}\t${this.orderNo}\t${this.attempt.claim.stepRunId}\t${flow}\t${f[4]}\t${f[5]}` +
        `\t${f[1]}\t${f[6]}\t${f[0]}\t${f[3]}\t${f[7]}\t${f[8]}\t${f[9]}\t${f[2]}\t${f[10]}\t${f[11]}` +
        `\t${f[21]}\t${f[22]}\n`,
    );
  }

  private writeExecution(f: string[]): void {
    const reason = reasonOf(f);
    if (reason !== undefined) {
      this.setAside(f, reason);
      return;
    }
    this.executionNo += 1;
    this.batch.executions.row(
      `${this.scope.ledgerDate}\t${this.orderNo}\t${this.executionNo}\t${f[12]}\t${f[13]}\t${f[14]}` +
        `\t${f[15]}\t${f[16]}\t${f[17]}\n`,
    );
  }

  private setAside(f: string[], reason: TradeExceptionReason): void {
    const plain = (at: number): string | null => {
      const field = f[at] ?? COPY_NULL;
      return field === COPY_NULL ? null : fromCopyField(field);
    };
    const details = {
      market: plain(4),
      tradeDate: plain(2),
      accountNo: plain(18),
      instrumentId: plain(19),
      quantity: plain(15),
      price: plain(16),
    };
    this.batch.exceptions.row(
      `${this.scope.ledgerDate}\t${this.attempt.claim.stepRunId}\t${f[12]}\t${f[1]}\t${reason}` +
        `\t${copyField(JSON.stringify(details))}\n`,
    );
  }

  private async flush(): Promise<void> {
    const full = this.batch;
    const rows = full.executions.rows + full.exceptions.rows;
    if (rows === 0) return;
    const cursor: Cursor = [Number(this.account), fromCopyField(this.order), this.tradeDate];
    await this.writer.submit({
      cursor: JSON.stringify(cursor),
      rows,
      write: async ({ client }) => {
        await copyIn(client, ORDERS, full.orders);
        await copyIn(client, EXECUTIONS, full.executions);
        await copyIn(client, EXCEPTIONS, full.exceptions);
      },
    });
    this.batch = this.spare;
    this.batch.clear();
    this.spare = full;
  }

  /**
   * Its own chunk with an empty place in the order of accounts, before the first trade. Sorted, so
   * that all are found before the first is written: the search reads the same table.
   */
  private async setChangedTradesAside(): Promise<void> {
    const { stepRunId } = this.attempt.claim;
    const changes = changedTrades(this.scope);
    if (changes.length === 0) return;
    const start: Cursor = [-1, '', this.scope.ledgerDate];
    await this.writer.submit({
      cursor: JSON.stringify(start),
      rows: 0,
      write: async ({ client }) => {
        await client.query(
          `INSERT INTO trade_exceptions (ledger_date, sync_run_id, execution_id, order_id, reason,
             details)
           SELECT ${text(this.scope.ledgerDate)}, ${integer(stepRunId)}, c.execution_id, c.order_id,
             'CHANGED_AFTER_POSTING', c.details
           FROM (${changes.join(' UNION ALL ')}) c ORDER BY c.execution_id
           ON CONFLICT DO NOTHING`,
        );
      },
    });
    await this.writer.finish();
  }
}

/** Account, order version, asset and cancel are what the joins of the query found. */
function reasonOf(fields: readonly string[]): TradeExceptionReason | undefined {
  if (fields[6] === COPY_NULL) return 'UNKNOWN_ORDER';
  if (fields[20] === 't') return 'ORDER_CANCELLED';
  if (fields[0] === '0') return 'UNKNOWN_ACCOUNT';
  return fields[3] === COPY_NULL ? 'UNKNOWN_INSTRUMENT' : undefined;
}
