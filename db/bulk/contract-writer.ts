import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { priceInto } from '../../domain/fees/fee-kernel.ts';
import type { CountedTrades } from '../../domain/fees/month-counters.ts';
import type { OrderToPrice, PricedOrder, TariffPlan } from '../../domain/fees/tariff-plan.ts';
import type { Side, TradeSource, TradeStage } from '../../domain/trades/trade.ts';
import type { AgentBills } from './agent-bills.ts';
import { ordersQuery, ORDER, type BillingInputs, type InstrumentRow } from './billing-queries.ts';
import { ChunkWriter, chunkSizeOf, type ShardAttempt } from './chunk-writer.ts';
import { ContractBatch } from './contract-batch.ts';
import { executionsOf, type ContractOrders, type Fields } from './contract-orders.ts';
import { copyField, COPY_NULL, fromCopyField } from './copy-buffer.ts';
import { readLines } from './copy-stream.ts';
import type { FeeChoices, LineIds } from './fee-choices.ts';
import { FeeRows } from './fee-rows.ts';
import { IdBlock } from './ids.ts';
import type { Merging } from './merging.ts';
import type { OrderTerms, PlanChoice } from './plan-choice.ts';
import type { SettlementTerms, SettlementTermsBook } from './settlement-terms.ts';
import { HeldOrders } from './held-orders.ts';

/** As many as a shard has rows: each reservation waits for the disk once. */
const ID_BLOCK = 15_000;

/** Behind an order that was priced; of a held account behind so many of its contracts in time. */
type Cursor = readonly [accountId: number, orderNo: number, position?: number];

/** What pricing needs beside the orders, loaded once for a shard. */
export interface BillingTables {
  readonly plans: PlanChoice;
  readonly choices: FeeChoices;
  readonly terms: SettlementTermsBook;
  readonly instruments: ReadonlyMap<number, InstrumentRow>;
  readonly channelEdits: readonly { readonly orderId: string; readonly channel: number }[];
  /** Accounts whose fees can depend on what the month held before, and what it held. */
  readonly byMonth: ReadonlySet<number>;
  readonly tradedBefore: ReadonlyMap<number, readonly CountedTrades[]>;
  /** Undefined: agents charge nothing. */
  readonly agents: AgentBills | undefined;
  /** Undefined where nothing is merged. */
  readonly merging: Merging | undefined;
}

export interface BillingScope {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly generation: number;
  readonly inputs: BillingInputs;
}

const WIRE = new Map<string, string>();

/** A name that many rows share, as a field. */
function wireOf(name: string): string {
  let wire = WIRE.get(name);
  if (wire === undefined) WIRE.set(name, (wire = copyField(name)));
  return wire;
}

const optionalDay = (field: string | undefined): BusinessDate | undefined =>
  field === undefined || field === COPY_NULL ? undefined : (field as BusinessDate);

const whereOf = (f: Fields) => ({
  accountId: Number(f[ORDER.accountId]),
  market: f[ORDER.market] ?? '',
  tradeDate: f[ORDER.tradeDate] as BusinessDate,
  orderId: fromCopyField(f[ORDER.orderId] ?? ''),
});

/** A business refusal with the order that it is about. */
const located = (error: unknown, f: Fields): unknown =>
  error instanceof ClearingError
    ? new ClearingError(error.code, { ...error.details, ...whereOf(f) }, { cause: error })
    : error;

/**
 * Prices the orders of an account range and writes a contract and its fee rows for each, in account
 * order. A trade that cannot be priced throws: the step fails as a whole, nothing of it counts.
 */
export class ContractWriter {
  private readonly attempt: ShardAttempt;
  private readonly scope: BillingScope;
  private readonly tables: BillingTables;
  private readonly channels: ReadonlyMap<string, number>;
  private readonly writer: ChunkWriter;
  private readonly chunkSize: number;
  private readonly ids: IdBlock;
  private batch = new ContractBatch();
  private spare = new ContractBatch();
  private cursor = '';
  private readonly after: Cursor | undefined;
  /** Accounts whose orders wait for each other: these count by the month, or are merged. */
  private readonly waiting: ReadonlySet<number>;
  private held: HeldOrders | undefined;
  private readonly feeRows = new FeeRows();

  constructor(attempt: ShardAttempt, scope: BillingScope, tables: BillingTables) {
    this.attempt = attempt;
    this.scope = scope;
    this.tables = tables;
    this.channels = new Map(
      tables.channelEdits.map(({ orderId, channel }) => [copyField(orderId), channel]),
    );
    this.waiting = new Set([...tables.byMonth, ...(tables.merging?.accounts() ?? [])]);
    const { cursor } = attempt.claim;
    this.after = cursor === '' ? undefined : (JSON.parse(cursor) as Cursor);
    this.writer = new ChunkWriter(attempt);
    this.chunkSize = chunkSizeOf(attempt);
    this.ids = new IdBlock(attempt.db, 'contract_id_seq', ID_BLOCK);
  }

  async run(): Promise<void> {
    const { db, claim } = this.attempt;
    const { ledgerDate, inputs } = this.scope;
    const hasHeld = this.waiting.size > 0;
    const query = ordersQuery(ledgerDate, inputs.syncRunIds, claim, this.after, hasHeld);
    try {
      await readLines(
        db,
        query,
        hasHeld ? (line) => this.takeInTime(line) : (line) => this.price([line.split('\t')]),
      );
      await this.release();
      await this.flush();
    } finally {
      await this.writer.finish();
    }
  }

  /** The orders of an account that wait for each other are priced once all of them are here. */
  private takeInTime(line: string): Promise<void> | undefined {
    const fields = line.split('\t');
    const accountId = Number(fields[ORDER.accountId]);
    if (this.held?.accountId !== accountId) {
      if (this.held !== undefined) return this.release().then(() => this.takeInTime(line));
      if (!this.waiting.has(accountId)) return this.price([fields]);
      const { byMonth, tradedBefore } = this.tables;
      const traded = byMonth.has(accountId) ? (tradedBefore.get(accountId) ?? []) : undefined;
      this.held = new HeldOrders(accountId, traded);
    }
    this.held.hold(fields);
    return undefined;
  }

  /**
   * Prices what is held. An attempt that goes on in the middle of the account has read all of it
   * again: it counts what is written and prices the rest.
   */
  private async release(): Promise<void> {
    const { held, after } = this;
    if (held === undefined) return;
    const [accountId, , written = 0] = after ?? [];
    for (const orders of held.contracts((fields) => this.mergeKeyOf(fields))) {
      const isWritten = held.accountId === accountId && held.position < written;
      if (isWritten) held.pass(orders, this.instrumentOf(orders[0]));
      else await this.price(orders);
    }
    this.held = undefined;
  }

  private mergeKeyOf(f: Fields): string | null {
    const { merging } = this.tables;
    if (merging === undefined) return null;
    return merging.keyOf({
      ...this.termsForPlan(f),
      source: f[ORDER.source] as TradeSource,
      assetId: Number(f[ORDER.assetId]),
      settlementChannel: f[ORDER.settlementChannel] ?? '',
    });
  }

  private price(orders: ContractOrders): Promise<void> | undefined {
    const instrument = this.instrumentOf(orders[0]);
    const plan = this.planOf(orders[0], instrument);
    const agentPlan = this.agentPlanOf(orders[0], instrument);
    const ids = this.idsOf(plan, agentPlan);
    if (ids === undefined || !this.ids.isReady || this.batch.contracts.rows >= this.chunkSize) {
      return this.makeReady(orders, instrument, plan, agentPlan);
    }
    this.write(orders, instrument, plan, ids, agentPlan);
    return undefined;
  }

  private async makeReady(
    orders: ContractOrders,
    instrument: InstrumentRow,
    plan: TariffPlan,
    agentPlan: TariffPlan | null,
  ): Promise<void> {
    const { choices } = this.tables;
    if (this.batch.contracts.rows >= this.chunkSize) await this.flush();
    await this.ids.reserve(1);
    for (const each of [plan, agentPlan]) {
      if (each !== null && choices.idsOf(each) === undefined) await choices.store(each);
    }
    this.write(orders, instrument, plan, choices.idsOf(plan) ?? [], agentPlan);
  }

  /** Of the client's plan; undefined while the choices of one of the two are not stored. */
  private idsOf(plan: TariffPlan, agentPlan: TariffPlan | null): readonly LineIds[] | undefined {
    const { choices } = this.tables;
    const isMissing = agentPlan !== null && choices.idsOf(agentPlan) === undefined;
    return isMissing ? undefined : choices.idsOf(plan);
  }

  private instrumentOf(f: Fields): InstrumentRow {
    const instrument = this.tables.instruments.get(Number(f[ORDER.assetId]));
    if (instrument) return instrument;
    throw new ClearingError('UNKNOWN_INSTRUMENT', {
      assetId: f[ORDER.assetId],
      orderId: fromCopyField(f[ORDER.orderId] ?? ''),
    });
  }

  private termsForPlan(f: Fields): OrderTerms {
    return {
      accountId: Number(f[ORDER.accountId]),
      market: f[ORDER.market] ?? '',
      side: f[ORDER.side] as Side,
      tradeDate: f[ORDER.tradeDate] as BusinessDate,
      channel: this.channelOf(f),
      stage: f[ORDER.stage] as TradeStage,
    };
  }

  private planOf(f: Fields, instrument: InstrumentRow): TariffPlan {
    try {
      return this.tables.plans.planOf(this.termsForPlan(f), instrument);
    } catch (error) {
      throw located(error, f);
    }
  }

  private agentPlanOf(f: Fields, instrument: InstrumentRow): TariffPlan | null {
    const { agents } = this.tables;
    if (agents === undefined) return null;
    const source = f[ORDER.source] as TradeSource;
    const settlementChannel = fromCopyField(f[ORDER.settlementChannel] ?? '');
    try {
      return agents.planOf({ ...this.termsForPlan(f), source, settlementChannel }, instrument);
    } catch (error) {
      throw located(error, f);
    }
  }

  private termsOf(f: Fields, instrument: InstrumentRow, plan: TariffPlan): SettlementTerms {
    try {
      return this.tables.terms.termsOf({
        market: plan.query.market,
        instrumentType: instrument.type,
        tradeDate: plan.query.tradeDate,
        cashDate: optionalDay(f[ORDER.cashDate]),
        securitiesDate: optionalDay(f[ORDER.securitiesDate]),
      });
    } catch (error) {
      throw located(error, f);
    }
  }

  private channelOf(f: Fields): number {
    const edited = this.channels.size > 0 ? this.channels.get(f[ORDER.orderId] ?? '') : undefined;
    return edited ?? Number(f[ORDER.orderChannel]);
  }

  private write(
    orders: ContractOrders,
    instrument: InstrumentRow,
    plan: TariffPlan,
    ids: readonly LineIds[],
    agentPlan: TariffPlan | null,
  ): void {
    const { ledgerDate, flow, generation } = this.scope;
    const contractId = this.ids.take();
    const prefix = `${ledgerDate}\t${contractId}\t`;
    const [f] = orders;
    const executions = executionsOf(orders);
    this.feeRows.begin(this.batch, prefix, ids);
    const priced = this.priced(f, plan, executions);
    const totals = priced.lineTotals
      .map((amount, at) => `${ids[at]?.feeCodeId ?? ''}:${amount}`)
      .join(' ');
    const terms = this.termsOf(f, instrument, plan);
    if (agentPlan !== null) {
      this.tables.agents?.write(this.batch.agentFees, prefix, agentPlan, executions);
    }
    this.batch.contracts.row(
      `${ledgerDate}\t${contractId}\t${this.attempt.claim.stepRunId}\t${generation}\t${flow}` +
        `\t${f[ORDER.market]}\t${f[ORDER.orderNo]}\t${f[ORDER.orderId]}\t${f[ORDER.source]}` +
        `\t${f[ORDER.accountId]}\t${f[ORDER.assetId]}\t${f[ORDER.side]}\t${f[ORDER.tradeDate]}` +
        `\t${plan.query.channel}\t${f[ORDER.settlementChannel]}` +
        `\t${wireOf(plan.query.scheduleId)}\t${instrument.currency}\t${executions.quantities.length}` +
        `\t${priced.quantity}\t${priced.gross}\t${priced.totalFees}\t${priced.net}\t${totals}` +
        `\t${terms.cashDate}\t${terms.securitiesDate}\t${terms.cashDueDate}` +
        `\t${terms.securitiesDueDate}\t${f[ORDER.stage]}\n`,
    );
    if (this.held === undefined) {
      this.cursor = `[${f[ORDER.accountId]},${f[ORDER.orderNo]}]`;
      return;
    }
    this.batch.addMerged(`${ledgerDate}\t${contractId}`, this.attempt.claim.stepRunId, orders);
    this.held.pass(orders, instrument);
    // No order has the number 0: a later attempt reads the account from its first order.
    this.cursor = `[${f[ORDER.accountId]},0,${this.held.position}]`;
  }

  private priced(f: Fields, plan: TariffPlan, executions: OrderToPrice): PricedOrder {
    const monthToDate = this.held?.monthBefore(plan.query);
    if (monthToDate === undefined) return priceInto(plan, executions, this.feeRows.sink);
    try {
      return priceInto(plan, { ...executions, monthToDate }, this.feeRows.sink);
    } catch (error) {
      throw located(error, f);
    }
  }

  private async flush(): Promise<void> {
    const full = this.batch;
    if (full.contracts.rows === 0) return;
    await this.writer.submit({
      cursor: this.cursor,
      rows: full.contracts.rows,
      write: ({ client }) => full.copy(client),
    });
    this.batch = this.spare;
    this.batch.clear();
    this.spare = full;
  }
}
