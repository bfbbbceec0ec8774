import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import type { Db } from '../../db/client.ts';
import { simulateFees, type SimulatedFee } from '../../db/fee-simulation.ts';
import type { HypotheticalOrder } from '../../domain/fees/hypothetical-order.ts';
import { checkFeesOf, checkFile } from '../../scripts/explain-fees/check-fees.ts';
import { billedSample, SAMPLE_DATES } from './support.ts';

const WED_2025_12_24 = '2025-12-24';
const FRI_2025_12_26 = '2025-12-26';
/** Some two hundred thousand fees on a machine that others use, too. */
const LONG_MS = 300_000;

let url: string;
let db: Db;
beforeAll(async () => {
  ({ url, db } = await billedSample());
}, LONG_MS);
afterAll(() => db.$client.end());

async function storedFees(): Promise<Record<string, number>> {
  const { rows } = await db.$client.query<{ date: string; n: number }>(
    `SELECT ledger_date AS date, count(*) AS n FROM fees
     JOIN live_contracts USING (ledger_date, contract_id) GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ date, n }) => [date, n]));
}

const lineOf = (fee: SimulatedFee) => {
  const { feeCode, executionNo, metric, exactAmount, clamp, amount, choice } = fee;
  return { feeCode, executionNo, metric, exactAmount, clamp, amount, choice };
};

/** Every contract of the sample dates: what was asked of billing, and what it wrote. */
async function billedContracts() {
  const { rows } = await db.$client.query<{
    order: HypotheticalOrder;
    bill: Record<string, unknown>;
    fees: unknown[];
  }>(
    `SELECT json_build_object('accountNo', a.account_no, 'instrumentId', i.instrument_id,
         'side', c.side, 'orderChannel', c.order_channel, 'tradeDate', c.trade_date,
         'settlementChannel', c.settlement_channel, 'executions',
         (SELECT json_agg(json_build_object('quantity', quantity::text, 'price', price::text)
            ORDER BY execution_no)
          FROM executions x WHERE x.ledger_date = c.ledger_date AND x.order_no = c.order_no)
       ) AS order,
       json_build_object('scheduleId', c.schedule_id, 'currency', c.currency,
         'executionCount', c.execution_count, 'quantity', c.quantity::text,
         'grossAmount', c.gross_amount::text, 'feeAmount', c.fee_amount::text,
         'netAmount', c.net_amount::text, 'cashSettlementDate', c.cash_settlement_date,
         'securitiesSettlementDate', c.securities_settlement_date) AS bill,
       (SELECT json_agg(json_build_object('feeCode', k.fee_code, 'executionNo', f.execution_no,
            'metric', f.metric::text, 'exactAmount', f.exact_amount::text, 'clamp', f.clamp,
            'amount', f.amount::text, 'choice', h.choice) ORDER BY f.line)
        FROM fees f JOIN fee_codes k USING (fee_code_id) JOIN fee_choices h USING (choice_id)
        WHERE f.ledger_date = c.ledger_date AND f.contract_id = c.contract_id) AS fees
     FROM live_contracts c JOIN accounts a USING (account_id) JOIN instruments i USING (asset_id)
     WHERE c.ledger_date = ANY($1) ORDER BY c.contract_id`,
    [SAMPLE_DATES],
  );
  return rows;
}

describe('the fees of the sample broker', () => {
  it(
    'come out the same to the cent from their explanations alone, on every date',
    async () => {
      const lines: string[] = [];
      const checked = await checkFeesOf(url, undefined, (line) => lines.push(line));
      expect(checked.flatMap(({ differences }) => differences)).toEqual([]);
      const counted = Object.fromEntries(checked.map(({ of, fees }) => [of, fees]));
      expect(counted).toMatchObject(await storedFees());
      for (const date of SAMPLE_DATES) expect(counted[date]).toBeGreaterThan(1_000);
      expect(lines).toHaveLength(Object.values(counted).reduce((sum, n) => sum + n, 0));
    },
    LONG_MS,
  );

  it(
    'are those that a simulation of the same orders shows, fee by fee',
    async () => {
      const contracts = await billedContracts();
      expect(contracts.length).toBeGreaterThan(5_000);
      for (let at = 0; at < contracts.length; at += 500) {
        const some = contracts.slice(at, at + 500);
        const orders = some.map(({ order }, index) => ({ row: index + 1, order }));
        const { orders: simulated, errors } = await simulateFees(db, orders);
        expect(errors).toEqual([]);
        simulated.forEach(({ fees, ...order }, index) => {
          const { bill, fees: billed } = some[index]!;
          expect(order).toMatchObject(bill);
          expect(fees.map(lineOf)).toEqual(billed);
        });
      }
    },
    LONG_MS,
  );

  it(
    'are found when an amount in the books was changed, alone or with what it follows from',
    async () => {
      const { rows } = await db.$client.query<{ contractId: number; line: number }>(
        `SELECT contract_id AS "contractId", line FROM fees JOIN fee_codes USING (fee_code_id)
       JOIN live_contracts USING (ledger_date, contract_id)
       WHERE ledger_date = $1 AND fee_code = 'COMMISSION' AND clamp = '' ORDER BY 1 LIMIT 2`,
        [FRI_2025_12_26],
      );
      const change = (columns: string, at: number) =>
        // As somebody who may do anything with the database: fees are append-only.
        db.$client.query(
          `BEGIN; SET LOCAL session_replication_role = replica;
         UPDATE fees SET ${columns} WHERE ledger_date = '${FRI_2025_12_26}'
           AND contract_id = ${rows[at]!.contractId} AND line = ${rows[at]!.line};
         COMMIT`,
        );
      await change('amount = amount + 0.01', 0);
      await change('amount = amount + 0.01, exact_amount = exact_amount + 0.01', 1);
      const [checked] = await checkFeesOf(url, FRI_2025_12_26);
      expect(checked?.differences).toMatchObject(
        rows.map(({ contractId, line }) => ({ feeId: `${FRI_2025_12_26}.${contractId}.${line}` })),
      );
    },
    LONG_MS,
  );

  it(
    'are found when an explanation in a file was changed',
    async () => {
      const lines: string[] = [];
      await checkFeesOf(url, WED_2025_12_24, (line) => lines.push(line));
      const changed = lines.map((line, at) =>
        at === 7 ? line.replace(/"amount":"[\d.]+"}$/, '"amount":"0.07"}') : line,
      );
      expect(changed[7]).not.toBe(lines[7]);
      const file = join(inject('scratch'), 'explanations.ndjson');
      writeFileSync(file, `${changed.join('\n')}\n`);
      const { fees, differences } = await checkFile(file);
      const { feeId } = JSON.parse(lines[7]!) as { feeId: string };
      expect(fees).toBe(lines.length);
      expect(differences).toMatchObject([{ feeId }]);
    },
    LONG_MS,
  );

  it(
    'are checked by a command that tells by its exit code',
    () => {
      const run = (...args: string[]) =>
        spawnSync(process.execPath, ['scripts/explain-fees.mjs', ...args], {
          ...{ cwd: projectRoot, encoding: 'utf8' },
          env: { ...process.env, DATABASE_URL: url },
        });
      const good = run('--date', WED_2025_12_24);
      expect([good.status, good.stderr]).toEqual([0, '']);
      expect(good.stdout).toMatch(/^2025-12-24 +[\d,]+ fees computed again, 0 differ\n$/);
      const bad = run('--date', FRI_2025_12_26);
      expect(bad.status).toBe(1);
      expect(bad.stdout).toContain('2 differ');
      expect(run('--day', WED_2025_12_24).status).toBe(2);
    },
    LONG_MS,
  );
});
