import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { connect } from '../../db/client.ts';
import { seedReference } from '../../db/seed/reference.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Manifest } from '../../scripts/sample-broker/counterparty-files.ts';
import { loadSampleBroker, loadTinyBroker } from '../../scripts/sample-broker/load.ts';
import { freshDatabase } from '../support/database.ts';

const MON_2025_12_22 = '2025-12-22';

async function rows<T>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows as T[];
  } finally {
    await client.end();
  }
}

const BOOK_DIFFERENCES = `
  SELECT ledger_account_id, asset_id, bucket FROM (
    SELECT ledger_account_id, asset_id, bucket, amount FROM postings
    UNION ALL SELECT ledger_account_id, asset_id, bucket, -amount FROM balances
    UNION ALL SELECT ledger_account_id, asset_id, bucket, -amount FROM house_balance_deltas) t
  GROUP BY 1, 2, 3 HAVING sum(amount) <> 0`;

const UNBALANCED_JOURNALS = `
  SELECT journal_id, asset_id FROM postings GROUP BY 1, 2 HAVING sum(amount) <> 0`;

describe('a loaded sample broker', () => {
  let url = '';
  let filesDir = '';

  beforeAll(async () => {
    url = await freshDatabase();
    filesDir = mkdtempSync(join(inject('scratch'), 'sample-'));
    await loadSampleBroker(url, { filesDir });
  });

  it('balances: each journal per asset, and the balances are the sums of their postings', async () => {
    expect(await rows(url, UNBALANCED_JOURNALS)).toEqual([]);
    expect(await rows(url, BOOK_DIFFERENCES)).toEqual([]);
    expect(
      await rows(
        url,
        'SELECT 1 FROM journals j LEFT JOIN postings p USING (journal_id) WHERE p.line IS NULL',
      ),
    ).toEqual([]);
  });

  it('explains the fees of every opening contract', async () => {
    const wrong = `
      SELECT c.contract_id FROM contracts c JOIN fees f USING (ledger_date, contract_id)
      GROUP BY c.ledger_date, c.contract_id, c.fee_amount, c.net_amount, c.gross_amount, c.side
      HAVING sum(f.amount) <> c.fee_amount
        OR c.net_amount <> c.gross_amount + CASE c.side WHEN 'BUY' THEN 1 ELSE -1 END * c.fee_amount`;
    expect(await rows(url, wrong)).toEqual([]);
    const orphans = `
      SELECT 1 FROM fees f LEFT JOIN fee_choices c USING (choice_id)
      LEFT JOIN fee_codes k USING (fee_code_id)
      WHERE c.choice_id IS NULL OR c.choice->>'feeCode' <> k.fee_code`;
    expect(await rows(url, orphans)).toEqual([]);
  });

  it('has something to settle on its first date in both markets', async () => {
    const due = await rows<[string, string, string, number]>(
      url,
      `SELECT market, trade_date::text, cash_due_date::text, state FROM contract_states
       WHERE cash_due_date = securities_due_date GROUP BY 1, 2, 3, 4 ORDER BY 1, 2`,
    );
    expect(due).toEqual([
      ['HK', '2025-12-18', MON_2025_12_22, 4],
      ['HK', '2025-12-19', '2025-12-23', 4],
      ['US', '2025-12-17', '2025-12-19', 5],
      ['US', '2025-12-18', MON_2025_12_22, 4],
    ]);
  });

  it('opens the first ledger date with every flow idle', async () => {
    expect(
      await rows(
        url,
        `SELECT ledger_date::text, status,
           cutoff_at AT TIME ZONE 'Asia/Hong_Kong' = ledger_date + time '17:00'
         FROM ledger_dates
         ORDER BY 1`,
      ),
    ).toEqual([
      ['2025-12-17', 'CUT', true],
      ['2025-12-18', 'CUT', true],
      ['2025-12-19', 'CUT', true],
      [MON_2025_12_22, 'OPEN', true],
    ]);
    expect(
      await rows(url, 'SELECT flow, mode, readiness, generation FROM flow_days ORDER BY flow'),
    ).toEqual([
      ['HK', 'IDLE', 'NOT_RUN', 1],
      ['US', 'IDLE', 'NOT_RUN', 1],
      ['day-end', 'IDLE', 'NOT_RUN', 1],
    ]);
  });

  it('lets every account that trades be billed', async () => {
    const unpriced = `
      SELECT o.account_no FROM front_office.orders o LEFT JOIN accounts a USING (account_no)
      LEFT JOIN account_fee_schedules s ON s.account_id = a.account_id AND s.market = o.market
      LEFT JOIN fee_rules r ON r.schedule_id = s.schedule_id AND r.market = o.market
      WHERE r.rule_id IS NULL`;
    expect(await rows(url, unpriced)).toEqual([]);
  });

  it('ships the files that its manifest names', () => {
    const manifest = JSON.parse(readFileSync(join(filesDir, 'manifest.json'), 'utf8')) as Manifest;
    const named = manifest.ledgerDates.flatMap(({ files }) =>
      files.flatMap(({ file, correctedFile }) => [file, ...(correctedFile ? [correctedFile] : [])]),
    );
    expect(readdirSync(filesDir).sort()).toEqual([...named, 'manifest.json'].sort());
    expect(manifest.ledgerDates).toHaveLength(5);
  });

  it('is loaded once only', async () => {
    const count = `SELECT (SELECT count(*) FROM postings), (SELECT count(*) FROM journals),
      (SELECT count(*) FROM front_office.executions), (SELECT count(*) FROM accounts)`;
    const before = await rows(url, count);
    await loadSampleBroker(url, { filesDir });
    await loadTinyBroker(url);
    expect(await rows(url, count)).toEqual(before);
  });
});

describe('seedReference', () => {
  it('changes nothing the second time, not even what an operator changed', async () => {
    const url = await freshDatabase();
    const db = connect(url, { poolSize: 1 });
    const state = `SELECT (SELECT count(*) FROM fee_rules), (SELECT count(*) FROM house_accounts),
      (SELECT count(*) FROM calendar_closures), (SELECT count(*) FROM assets),
      (SELECT tolerance FROM settlement_channels WHERE settlement_channel = 'IB')`;
    try {
      await inTransaction(db, seedReference);
      await db.$client.query(
        `UPDATE settlement_channels SET tolerance = 0.01 WHERE settlement_channel = 'IB'`,
      );
      const before = await rows(url, state);
      await inTransaction(db, seedReference);
      expect(await rows(url, state)).toEqual(before);
    } finally {
      await db.$client.end();
    }
  });

  it('gives every fee code an account of the house', async () => {
    const url = await freshDatabase();
    const db = connect(url, { poolSize: 1 });
    try {
      await inTransaction(db, seedReference);
    } finally {
      await db.$client.end();
    }
    const without = `SELECT fee_code FROM fee_codes f
      LEFT JOIN house_accounts h ON h.code = 'FEE:' || f.fee_code
      WHERE h.ledger_account_id IS DISTINCT FROM 10000 + f.fee_code_id`;
    expect(await rows(url, without)).toEqual([]);
    const payable = `SELECT h.name FROM house_accounts h WHERE h.code IN ('FEE:STAMP', 'FEE:COMMISSION')
      ORDER BY 1`;
    expect(await rows(url, payable)).toEqual([['Income: COMMISSION'], ['Payable: STAMP']]);
  });
});

describe('a loaded tiny broker', () => {
  it('is open on the date asked for, rich and without trades', async () => {
    const url = await freshDatabase();
    await loadTinyBroker(url);
    expect(await rows(url, UNBALANCED_JOURNALS)).toEqual([]);
    expect(await rows(url, BOOK_DIFFERENCES)).toEqual([]);
    expect(
      await rows(url, 'SELECT ledger_date::text, status FROM ledger_dates ORDER BY 1'),
    ).toEqual([
      ['2025-12-19', 'CUT'],
      [MON_2025_12_22, 'OPEN'],
    ]);
    expect(await rows(url, 'SELECT count(*)::int FROM front_office.orders')).toEqual([[0]]);
    const rich = `SELECT count(*)::int, min(amount)::text FROM balances b
      JOIN assets a USING (asset_id) WHERE a.code = 'HKD'`;
    expect(await rows(url, rich)).toEqual([[29, '10000000']]);
  });
});
