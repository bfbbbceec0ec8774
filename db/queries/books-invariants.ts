import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import { LATE_LEDGER_DATES } from '../../domain/trades/trade-window.ts';
import { COUNTING_EXCEPTIONS } from './counting-exceptions.ts';
import { rows, type Reader } from './rows.ts';
import { assetTotals, type TrialBalanceRow } from './trial-balance.ts';

/** Something that must hold of the books, asked of PostgreSQL again and not believed. */
export interface Invariant {
  readonly name: string;
  readonly ok: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

interface Question {
  readonly name: string;
  /** Selects what breaks the rule: `n` rows of it, and one of them as an example. */
  readonly breaches: string;
  /** Of now; without it the question is about one ledger date, $1. */
  readonly ofAllDates?: true;
}

const counted = (breaches: string): string =>
  `SELECT count(*)::int AS n, (array_agg(to_jsonb(x)))[1] AS example FROM (${breaches}) x`;

const OF_CLIENTS = `ledger_account_id >= ${FIRST_CLIENT_ACCOUNT}`;

/** Stored client balances of one kind of asset against the sum of all postings to clients. */
const storedAgainstPosted = (kind: 'CURRENCY' | 'INSTRUMENT'): string => `
  SELECT account, asset_id, bucket, stored, posted FROM (
    SELECT ledger_account_id AS account, asset_id, bucket, sum(stored) AS stored,
      sum(posted) AS posted
    FROM (
      SELECT ledger_account_id, asset_id, bucket, amount AS stored, 0 AS posted FROM balances
      UNION ALL
      SELECT ledger_account_id, asset_id, bucket, 0, amount FROM postings
      WHERE ${OF_CLIENTS}
    ) moves
    WHERE asset_id IN (SELECT asset_id FROM assets WHERE kind = '${kind}')
    GROUP BY 1, 2, 3) sums
  WHERE stored <> posted`;

const BOOKED = `executions x
  JOIN live_orders o ON o.ledger_date = x.ledger_date AND o.order_no = x.order_no`;

/**
 * The trade dates of this ledger date with the cut that its sync saw. Only while the front office
 * has as many rows of them as then: what it sent since is for the next sync, and this one must not
 * be blamed for what it could not see.
 */
const SYNCED_DATES = `SELECT d.* FROM (
    SELECT d.market, d."tradeDate" AS trade_date, d."rows",
      (r.inputs ->> 'cutAt')::timestamptz AS cut_at
    FROM flow_steps s JOIN step_runs r ON r.step_run_id = s.step_run_id
    CROSS JOIN jsonb_to_recordset(r.inputs -> 'tradeDates')
      AS d(market text, "tradeDate" date, "rows" bigint)
    JOIN jsonb_to_recordset(r.inputs -> 'windows') AS w(market text, "from" date)
      ON w.market = d.market AND w."from" <= d."tradeDate"
    WHERE s.ledger_date = $1 AND s.step = 'sync' AND s.status IN ('SUCCEEDED', 'SUCCEEDED_EMPTY')
    OFFSET 0) d
  WHERE d."rows" = (SELECT count(*) FROM front_office.executions e
    WHERE e.market = d.market AND e.trade_date = d.trade_date)`;

/** The last ledger dates before this one: no older trade is taken any more. */
const LATE_DATES = `SELECT ledger_date FROM ledger_dates WHERE ledger_date < $1
  ORDER BY ledger_date DESC LIMIT ${LATE_LEDGER_DATES}`;

/** Where a trade was found. */
const PLACE = { expected: 0, booked: 1, bookedBefore: 2, setAside: 3, changed: 4 } as const;

/**
 * Every trade that this date should know, wherever it is. All are grouped together, which takes
 * time in proportion whatever PostgreSQL expects of them.
 */
const PLACES = `
  SELECT e.execution_id, ${PLACE.expected} AS place FROM (${SYNCED_DATES}) d
    JOIN front_office.executions e ON e.market = d.market AND e.trade_date = d.trade_date
    WHERE NOT e.cancelled AND e.recorded_at <= d.cut_at
      AND (e.superseded_at IS NULL OR e.superseded_at > d.cut_at)
  UNION ALL
  SELECT x.execution_id, ${PLACE.booked} FROM ${BOOKED} WHERE x.ledger_date = $1
  UNION ALL
  SELECT x.execution_id, ${PLACE.bookedBefore} FROM ${BOOKED}
    WHERE x.ledger_date < $1 AND x.ledger_date >= (SELECT min(ledger_date) FROM (${LATE_DATES}) l)
  UNION ALL
  SELECT t.execution_id, CASE t.reason WHEN 'CHANGED_AFTER_POSTING' THEN ${PLACE.changed}
      ELSE ${PLACE.setAside} END
    FROM ${COUNTING_EXCEPTIONS} WHERE t.ledger_date = $1`;

/** A later version of a trade that is posted already is set aside beside the posted one. */
const NOT_ONCE = `SELECT * FROM (
    SELECT execution_id, bool_or(place = ${PLACE.expected}) AS expected,
      count(*) FILTER (WHERE place = ${PLACE.booked}) AS booked,
      count(*) FILTER (WHERE place = ${PLACE.bookedBefore}) AS booked_before,
      count(*) FILTER (WHERE place = ${PLACE.setAside}) AS set_aside
    FROM (${PLACES}) p GROUP BY execution_id) p
  WHERE booked + booked_before + set_aside <> 1 AND (expected OR booked + set_aside > 0)`;

/** Of the contracts that count: their fees give the net amount, and the client was booked that. */
const HAND_PRICES_WRONG = `SELECT h.contract_id, h.fee_amount, h.net_amount, b.booked
  FROM hand_prices h
  JOIN contract_states c ON c.ledger_date = h.ledger_date AND c.contract_id = h.contract_id
  CROSS JOIN LATERAL (SELECT coalesce(sum(split_part(part, ':', 2)::numeric), 0) AS fees
    FROM unnest(string_to_array(h.fee_totals, ' ')) AS part) f
  CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount), 0) AS booked
    FROM journals j
    JOIN postings p ON p.ledger_date = j.ledger_date AND p.journal_id = j.journal_id
    JOIN assets a ON a.asset_id = p.asset_id AND a.kind = 'CURRENCY'
    WHERE j.source_id = c.contract_id AND j.source_kind = 'contract' AND j.ledger_date = $1
      AND j.kind IN ('tradePosting', 'tradePostingReversal')
      AND p.ledger_account_id = c.account_id) b
  WHERE h.ledger_date = $1 AND (f.fees <> h.fee_amount
    OR h.net_amount <> c.gross_amount + CASE c.side WHEN 'BUY' THEN f.fees ELSE -f.fees END
    OR b.booked <> CASE WHEN NOT c.posted THEN 0 WHEN c.side = 'BUY' THEN -h.net_amount
      ELSE h.net_amount END)`;

const QUESTIONS: readonly Question[] = [
  {
    name: 'each journal balances per asset',
    breaches: `SELECT journal_id, asset_id, sum(amount) AS sum FROM postings
      WHERE ledger_date = $1 GROUP BY journal_id, asset_id HAVING sum(amount) <> 0`,
  },
  {
    name: 'each posting belongs to a journal, and each journal has postings',
    breaches: `SELECT coalesce(j.journal_id, p.journal_id) AS journal_id
      FROM (SELECT journal_id FROM journals WHERE ledger_date = $1) j
      FULL JOIN (SELECT DISTINCT journal_id FROM postings WHERE ledger_date = $1) p
        ON p.journal_id = j.journal_id
      WHERE j.journal_id IS NULL OR p.journal_id IS NULL`,
  },
  {
    name: 'stored cash equals the sum of postings',
    breaches: storedAgainstPosted('CURRENCY'),
    ofAllDates: true,
  },
  {
    name: 'positions equal the sum of movements',
    breaches: storedAgainstPosted('INSTRUMENT'),
    ofAllDates: true,
  },
  {
    name: 'house deltas equal the postings of house accounts',
    breaches: `SELECT account, asset_id, bucket, stored, posted FROM (
        SELECT ledger_account_id AS account, asset_id, bucket, sum(stored) AS stored,
          sum(posted) AS posted
        FROM (
          SELECT ledger_account_id, asset_id, bucket, amount AS stored, 0 AS posted
          FROM house_balance_deltas WHERE ledger_date = $1
          UNION ALL
          SELECT ledger_account_id, asset_id, bucket, 0, amount FROM postings
          WHERE NOT ${OF_CLIENTS} AND ledger_date = $1) moves
        GROUP BY 1, 2, 3) sums
      WHERE stored <> posted`,
  },
  {
    name: 'each order that was billed has one contract, and each contract its order',
    breaches: `SELECT coalesce(o.order_no, c.order_no) AS order_no, c.n AS contracts
      FROM (SELECT order_no FROM live_orders WHERE ledger_date = $1 AND flow IN (
        SELECT flow FROM flow_steps WHERE ledger_date = $1 AND step = 'billing'
          AND status IN ('SUCCEEDED', 'SUCCEEDED_EMPTY'))) o
      FULL JOIN (SELECT order_no, count(*) AS n FROM live_contract_orders
        WHERE ledger_date = $1 AND flow IN (
          SELECT flow FROM flow_steps WHERE ledger_date = $1 AND step = 'billing'
            AND status IN ('SUCCEEDED', 'SUCCEEDED_EMPTY')) GROUP BY 1) c
        ON c.order_no = o.order_no
      WHERE o.order_no IS NULL OR c.n IS DISTINCT FROM 1`,
  },
  {
    name: 'each merged order is of the account, side and date of its contract',
    breaches: `SELECT m.contract_id, m.order_no FROM merged_orders m
      JOIN live_contracts c ON c.ledger_date = m.ledger_date AND c.contract_id = m.contract_id
      JOIN orders o ON o.ledger_date = m.ledger_date AND o.order_no = m.order_no
      WHERE m.ledger_date = $1
        AND (c.account_id, c.asset_id, c.side, c.trade_date, c.settlement_channel, c.source)
          <> (o.account_id, o.asset_id, o.side, o.trade_date, o.settlement_channel, o.source)`,
  },
  {
    name: 'each trade is in exactly one of contract and exception',
    breaches: NOT_ONCE,
  },
  {
    name: 'contract amounts equal their fees',
    breaches: `SELECT c.contract_id, c.fee_amount, f.amount, c.net_amount
      FROM live_contracts c LEFT JOIN (SELECT contract_id, sum(amount) AS amount FROM fees
        WHERE ledger_date = $1 GROUP BY contract_id) f ON f.contract_id = c.contract_id
      WHERE c.ledger_date = $1 AND (c.fee_amount <> coalesce(f.amount, 0) OR c.net_amount <>
        c.gross_amount + CASE c.side WHEN 'BUY' THEN c.fee_amount ELSE -c.fee_amount END)`,
  },
  {
    name: 'hand prices add up and are booked as they stand',
    breaches: HAND_PRICES_WRONG,
  },
  {
    name: 'agent fees are booked as they were priced',
    breaches: `SELECT asset_id, fee_code, priced, booked FROM (
        SELECT asset_id, fee_code, sum(priced) AS priced, sum(booked) AS booked FROM (
          SELECT a.asset_id, k.fee_code, f.amount AS priced, 0 AS booked
          FROM agent_fees f
          JOIN contract_states c ON c.ledger_date = f.ledger_date
            AND c.contract_id = f.contract_id AND c.posted
          JOIN assets a ON a.code = c.currency
          JOIN fee_codes k ON k.fee_code_id = f.fee_code_id
          WHERE f.ledger_date = $1
          UNION ALL
          SELECT d.asset_id, split_part(h.code, ':', 2), 0, -d.amount
          FROM house_balance_deltas d
          JOIN house_accounts h ON h.ledger_account_id = d.ledger_account_id
            AND h.kind = 'AGENT_EXPENSE'
          WHERE d.ledger_date = $1) moves
        GROUP BY 1, 2) sums
      WHERE priced <> booked`,
  },
  {
    name: 'no step is RUNNING that nobody runs',
    breaches: `SELECT r.step_run_id, r.step, d.mode FROM step_runs r
      JOIN flow_days d ON d.ledger_date = r.ledger_date AND d.flow = r.flow
      WHERE r.ledger_date = $1 AND r.status = 'RUNNING'
        AND d.mode NOT IN ('AUTO_RUNNING', 'PAUSE_REQUESTED', 'STEP_RUNNING', 'REVOKING')`,
  },
  {
    name: 'no lock outlives its run',
    breaches: `SELECT s.step_run_id, s.shard FROM step_shards s
      JOIN step_runs r ON r.step_run_id = s.step_run_id
      WHERE r.ledger_date = $1 AND s.status = 'OPEN'
        AND r.status IN ('SUCCEEDED', 'SUCCEEDED_EMPTY')`,
  },
];

/**
 * Asks every question of a ledger date. Client balances are compared with all postings, since they
 * are of now; the rest is of this date. `balance` is the trial balance as of its end.
 */
export async function readInvariants(
  reader: Reader,
  ledgerDate: BusinessDate,
  balance: readonly TrialBalanceRow[],
): Promise<Invariant[]> {
  const wrong = assetTotals(balance).filter(({ total }) => total !== '0');
  const found: Invariant[] = [
    {
      name: 'trial balance is zero',
      ok: wrong.length === 0,
      details: breachesOf(wrong.length, wrong[0]),
    },
  ];
  for (const { name, breaches, ofAllDates } of QUESTIONS) {
    const [answer] = await rows<{ n: number; example: unknown }>(
      reader,
      counted(breaches),
      ofAllDates ? [] : [ledgerDate],
    );
    const n = answer?.n ?? 0;
    found.push({ name, ok: n === 0, details: breachesOf(n, answer?.example) });
  }
  return found;
}

const breachesOf = (n: number, example: unknown): Record<string, unknown> =>
  n === 0 ? { breaches: 0 } : { breaches: n, example };
