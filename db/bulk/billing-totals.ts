import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { isZeroAmount } from '../../domain/ledger/exact-sum.ts';
import { readInParallel } from './copy-stream.ts';
import { ownsRange } from './ledger-totals.ts';
import { integer, integers } from './sql-literal.ts';

export interface BillingTotals {
  readonly contracts: number;
  readonly executions: number;
  readonly feeRows: number;
  readonly grossByCurrency: Readonly<Record<string, string>>;
  readonly feesByCurrency: Readonly<Record<string, string>>;
  readonly feesByCode: Readonly<Record<string, string>>;
  /** Changes with any amount, date or channel of any contract; ids and shards play no part. */
  readonly digest: string;
}

interface CurrencyRow {
  currency: string;
  contracts: number;
  executions: number;
  gross: string;
  fees: string;
  wrongNet: number;
  digest: string;
  first: number;
  last: number;
}

const CONTRACT_TEXT = `concat_ws('|', order_id, account_id, asset_id, side, trade_date, order_channel,
  schedule_id, currency, quantity, gross_amount, net_amount, fee_totals, cash_settlement_date,
  securities_settlement_date)`;

/**
 * Reads a billing run back and asserts what it may have broken: every trade of its snapshots is in
 * one contract, net = gross ± fees, and the fee rows add up to what the contracts say. Throws
 * BOOKS_OUT_OF_BALANCE.
 */
export async function billingTotals(
  client: pg.PoolClient,
  run: { readonly stepRunId: number; readonly ledgerDate: BusinessDate },
  syncRunIds: readonly number[],
): Promise<BillingTotals> {
  await readInParallel(client);
  const { rows } = await client.query<CurrencyRow>(
    `SELECT currency, count(*) AS contracts, sum(execution_count)::bigint AS executions,
       sum(gross_amount)::text AS gross, sum(fee_amount)::text AS fees,
       count(*) FILTER (WHERE net_amount <> CASE side
         WHEN 'BUY' THEN gross_amount + fee_amount ELSE gross_amount - fee_amount END) AS "wrongNet",
       sum(hashtextextended(${CONTRACT_TEXT}, 0)::numeric)::text AS digest,
       min(contract_id) AS first, max(contract_id) AS last
     FROM contracts WHERE ledger_date = $1 AND billing_run_id = $2
     GROUP BY currency ORDER BY currency`,
    [run.ledgerDate, run.stepRunId],
  );
  const wrongNet = rows.find((row) => row.wrongNet > 0);
  if (wrongNet) fail(run, 'net is not gross with fees', { ...wrongNet });
  const executions = rows.reduce((sum, row) => sum + row.executions, 0);
  await assertEveryTradeOnce(client, run, syncRunIds, executions);
  const fees = await feeTotals(client, run, rows);
  return {
    contracts: rows.reduce((sum, row) => sum + row.contracts, 0),
    executions,
    ...fees,
    grossByCurrency: Object.fromEntries(rows.map((row) => [row.currency, row.gross])),
    feesByCurrency: Object.fromEntries(rows.map((row) => [row.currency, row.fees])),
    digest: rows.map((row) => `${row.currency}:${row.digest}`).join(' '),
  };
}

async function assertEveryTradeOnce(
  client: pg.PoolClient,
  run: { readonly stepRunId: number; readonly ledgerDate: BusinessDate },
  syncRunIds: readonly number[],
  billed: number,
): Promise<void> {
  const { rows } = await client.query<{ n: number }>(
    `SELECT count(*) AS n FROM orders o JOIN executions x USING (ledger_date, order_no)
     WHERE o.ledger_date = $1 AND o.sync_run_id IN ${integers(syncRunIds)}`,
    [run.ledgerDate],
  );
  const taken = rows[0]?.n ?? 0;
  if (taken !== billed) fail(run, 'a trade is not in exactly one contract', { taken, billed });
}

/** Ids of a run lie in a range that is almost always its own: then no join is needed. */
async function feeTotals(
  client: pg.PoolClient,
  run: { readonly stepRunId: number; readonly ledgerDate: BusinessDate },
  contracts: readonly CurrencyRow[],
): Promise<Pick<BillingTotals, 'feeRows' | 'feesByCode'>> {
  if (contracts.length === 0) return { feeRows: 0, feesByCode: {} };
  const first = Math.min(...contracts.map((row) => row.first));
  const last = Math.max(...contracts.map((row) => row.last));
  const isAlone = await ownsRange(client, 'contracts', 'contract_id', 'billing_run_id', [
    run.ledgerDate,
    first,
    last,
    run.stepRunId,
  ]);
  const others = isAlone
    ? ''
    : `AND contract_id IN (SELECT contract_id FROM contracts
         WHERE ledger_date = $1 AND billing_run_id = ${integer(run.stepRunId)})`;
  const { rows } = await client.query<{ code: string; n: number; amount: string }>(
    `SELECT c.fee_code AS code, f.n, f.amount::text FROM (
       SELECT fee_code_id, count(*) AS n, sum(amount) AS amount FROM fees
       WHERE ledger_date = $1 AND contract_id BETWEEN $2 AND $3 ${others}
       GROUP BY fee_code_id) f
     JOIN fee_codes c USING (fee_code_id) ORDER BY c.fee_code`,
    [run.ledgerDate, first, last],
  );
  const { rows: compared } = await client.query<{ equal: boolean }>(
    'SELECT (SELECT sum(a) FROM unnest($1::numeric[]) a) = (SELECT sum(b) FROM unnest($2::numeric[]) b) AS equal',
    [rows.map((row) => row.amount), contracts.map((row) => row.fees)],
  );
  const hasFees = contracts.some((row) => !isZeroAmount(row.fees));
  if ((rows.length > 0 || hasFees) && compared[0]?.equal !== true) {
    fail(run, 'fee rows differ from the contracts', { rows, contracts });
  }
  return {
    feeRows: rows.reduce((sum, row) => sum + row.n, 0),
    feesByCode: Object.fromEntries(rows.map((row) => [row.code, row.amount])),
  };
}

function fail(run: { readonly stepRunId: number }, what: string, details: object): never {
  throw new ClearingError('BOOKS_OUT_OF_BALANCE', { what, stepRunId: run.stepRunId, ...details });
}
