import { createHash } from 'node:crypto';
import type pg from 'pg';
import { OPENING_GENERATION } from './book-writer.ts';
import { copyRows, type CopyValue } from './copy-rows.ts';
import { accountIdOf } from './load-front-office.ts';
import { finalExecutions, type SampleSession } from './model.ts';
import {
  choiceOf,
  feeTotalsOf,
  netOf,
  openingContracts,
  type OpeningContext,
  type OpeningContract,
  type PricingInputs,
} from './opening-contracts.ts';
import { postOpeningContract, type SettlementRuns } from './opening-postings.ts';
import { isoOf, priceText } from './text.ts';

/** What the rows of one session hang on. */
interface SessionIds {
  readonly syncRun: number;
  readonly billingRun: number;
  readonly firstOrderNo: number;
  readonly firstContractId: number;
}

const orderRow = (context: OpeningContext, ids: SessionIds, at: number, each: OpeningContract) => {
  const { order, market } = each;
  return [
    each.ledgerDate,
    ids.firstOrderNo + at,
    ids.syncRun,
    market.flow,
    market.market,
    'FRONT_OFFICE',
    order.orderId,
    1,
    accountIdOf(order.account),
    context.assetIds.get(order.instrument.instrumentId) ?? null,
    order.side,
    order.orderChannel,
    order.settlementChannel,
    each.tradeDate,
  ];
};

const ORDER_COLUMNS = [
  'ledger_date',
  'order_no',
  'sync_run_id',
  'flow',
  'market',
  'source',
  'order_id',
  'order_version',
  'account_id',
  'asset_id',
  'side',
  'order_channel',
  'settlement_channel',
  'trade_date',
];

const executionRows = (ids: SessionIds, at: number, each: OpeningContract): CopyValue[][] =>
  finalExecutions(each.order).map((execution, index) => [
    each.ledgerDate,
    ids.firstOrderNo + at,
    index + 1,
    execution.executionId,
    execution.version,
    execution.executionId,
    execution.quantity,
    priceText(each.order.instrument, execution.price),
    isoOf(execution.executedAt),
  ]);

const EXECUTION_COLUMNS = [
  'ledger_date',
  'order_no',
  'execution_no',
  'execution_id',
  'execution_version',
  'serial',
  'quantity',
  'price',
  'executed_at',
];

const contractRow = (
  context: OpeningContext,
  ids: SessionIds,
  at: number,
  each: OpeningContract,
): CopyValue[] => {
  const { priced } = each;
  const [ledgerDate, orderNo, , flow, market, source, orderId, , ...trade] = orderRow(
    context,
    ids,
    at,
    each,
  );
  const feeTotals = feeTotalsOf(each)
    .map(([code, sum]) => `${context.feeCodeIds.get(code) ?? code}:${sum}`)
    .join(' ');
  return [
    ...[ledgerDate, orderNo, flow, market, source, orderId, ...trade].map((value) => value ?? null),
    ids.firstContractId + at,
    ids.billingRun,
    OPENING_GENERATION,
    each.scheduleId,
    each.order.instrument.currency,
    finalExecutions(each.order).length,
    priced.quantity,
    priced.gross,
    priced.totalFees,
    netOf(each),
    feeTotals,
    each.cash.date,
    each.securities.date,
    each.cash.due,
    each.securities.due,
  ];
};

const CONTRACT_COLUMNS = [
  ...ORDER_COLUMNS.filter((column) => column !== 'sync_run_id' && column !== 'order_version'),
  'contract_id',
  'billing_run_id',
  'generation',
  'schedule_id',
  'currency',
  'execution_count',
  'quantity',
  'gross_amount',
  'fee_amount',
  'net_amount',
  'fee_totals',
  'cash_settlement_date',
  'securities_settlement_date',
  'cash_due_date',
  'securities_due_date',
];

const FEE_COLUMNS = [
  'ledger_date',
  'contract_id',
  'line',
  'fee_code_id',
  'execution_no',
  'choice_id',
  'metric',
  'exact_amount',
  'clamp',
  'amount',
];

/** The choices behind the fees of these contracts: each is stored once, and found by its digest. */
async function storeChoices(
  client: pg.PoolClient,
  contracts: readonly OpeningContract[],
): Promise<ReadonlyMap<unknown, number>> {
  const choices = new Set(contracts.flatMap(({ plan }) => plan.lines.map(({ choice }) => choice)));
  const ids = new Map<unknown, number>();
  for (const choice of choices) {
    const text = JSON.stringify(choice);
    const digest = createHash('sha256').update(text).digest('hex');
    const { rows } = await client.query<{ choice_id: number }>(
      `INSERT INTO fee_choices (digest, rule_id, choice) VALUES ($1, $2, $3)
       ON CONFLICT (digest) DO UPDATE SET rule_id = excluded.rule_id RETURNING choice_id`,
      [digest, choice.ruleId, text],
    );
    ids.set(choice, rows[0]?.choice_id ?? 0);
  }
  return ids;
}

function* feeRows(
  { feeCodeIds }: OpeningContext,
  ids: SessionIds,
  contracts: readonly OpeningContract[],
  choiceIds: ReadonlyMap<unknown, number>,
): Generator<CopyValue[]> {
  for (const [at, each] of contracts.entries()) {
    for (const [index, line] of each.priced.lines.entries()) {
      yield [
        each.ledgerDate,
        ids.firstContractId + at,
        index + 1,
        feeCodeIds.get(line.feeCode) ?? null,
        line.executionIndex === null ? 0 : line.executionIndex + 1,
        choiceIds.get(choiceOf(each, line)) ?? null,
        line.metric,
        line.exact,
        line.clamp,
        line.amount,
      ];
    }
  }
}

async function loadSession(
  context: OpeningContext,
  contracts: readonly OpeningContract[],
  settlementRuns: SettlementRuns,
): Promise<void> {
  const [first] = contracts;
  if (first === undefined) return;
  const { client, books } = context;
  const { flow } = first.market;
  const ids: SessionIds = {
    syncRun: await books.stepRun(first.ledgerDate, flow, 'sync'),
    billingRun: await books.stepRun(first.ledgerDate, flow, 'billing'),
    firstOrderNo: await books.reserve('order_no_seq', contracts.length),
    firstContractId: await books.reserve('contract_id_seq', contracts.length),
  };
  const choiceIds = await storeChoices(client, contracts);
  await copyRows(
    client,
    'orders',
    ORDER_COLUMNS,
    contracts.map((each, at) => orderRow(context, ids, at, each)),
  );
  const executions = contracts.flatMap((each, at) => executionRows(ids, at, each));
  await copyRows(client, 'executions', EXECUTION_COLUMNS, executions);
  await copyRows(
    client,
    'contracts',
    CONTRACT_COLUMNS,
    contracts.map((each, at) => contractRow(context, ids, at, each)),
  );
  await copyRows(client, 'fees', FEE_COLUMNS, feeRows(context, ids, contracts, choiceIds));
  const postingRun = await books.stepRun(first.ledgerDate, flow, 'posting');
  for (const [at, each] of contracts.entries()) {
    await postOpeningContract(context, settlementRuns, {
      contract: each,
      contractId: ids.firstContractId + at,
      postingRun,
    });
  }
}

/**
 * Contracts of the days before the first ledger date, with their orders, fees and journals; legs
 * that fell due before it are settled, the others wait for the first days of the sample.
 */
export async function loadOpeningContracts(
  context: OpeningContext,
  sessions: readonly SampleSession[],
  inputs: PricingInputs,
): Promise<void> {
  const settlementRuns: SettlementRuns = new Map();
  for (const session of sessions) {
    await loadSession(context, [...openingContracts(session, inputs)], settlementRuns);
  }
}
