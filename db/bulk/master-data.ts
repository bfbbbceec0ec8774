import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { Db } from '../client.ts';

/** The rows of the front office's master data that are in force at the cutoff of a date, as `f`. */
const inForce = (table: 'accounts' | 'instruments'): string => `(
  SELECT m.* FROM front_office.${table} m
  JOIN ledger_dates l ON l.ledger_date = $1 AND m.recorded_at <= l.cutoff_at
    AND (m.superseded_at IS NULL OR m.superseded_at > l.cutoff_at)) f`;

const NEW_ASSETS = `
  INSERT INTO assets (kind, code)
  SELECT kind, code FROM (
    SELECT DISTINCT 'CURRENCY' AS kind, currency AS code FROM ${inForce('instruments')}
    UNION ALL SELECT 'INSTRUMENT', instrument_id FROM ${inForce('instruments')}
  ) f
  WHERE NOT EXISTS (SELECT 1 FROM assets a WHERE a.code = f.code)
  ORDER BY kind, code
  ON CONFLICT DO NOTHING`;

const INSTRUMENTS = `
  INSERT INTO instruments (asset_id, instrument_id, market, type, name, currency, lot_size,
                           stamp_duty_exempt)
  SELECT a.asset_id, f.instrument_id, f.market, f.type, f.name, f.currency, f.lot_size,
         f.stamp_duty_exempt
  FROM ${inForce('instruments')}
  JOIN assets a ON a.code = f.instrument_id AND a.kind = 'INSTRUMENT'
  LEFT JOIN instruments i ON i.instrument_id = f.instrument_id
  WHERE i.instrument_id IS NULL
     OR (i.market, i.type, i.name, i.currency, i.lot_size, i.stamp_duty_exempt)
        IS DISTINCT FROM
        (f.market, f.type, f.name, f.currency, f.lot_size, f.stamp_duty_exempt)
  ORDER BY f.instrument_id
  ON CONFLICT (asset_id) DO UPDATE SET market = excluded.market, type = excluded.type,
    name = excluded.name, currency = excluded.currency, lot_size = excluded.lot_size,
    stamp_duty_exempt = excluded.stamp_duty_exempt`;

/** An account gets the default packages of its kind from its opening on, once: when it comes. */
const NEW_ACCOUNTS = `
  WITH opened AS (
    INSERT INTO accounts (account_no, kind, status, opened_on, closed_on)
    SELECT f.account_no, f.kind, f.status, f.opened_on, f.closed_on
    FROM ${inForce('accounts')}
    WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.account_no = f.account_no)
    ORDER BY f.account_no
    ON CONFLICT DO NOTHING
    RETURNING account_id, kind, opened_on)
  INSERT INTO account_fee_schedules (account_id, market, schedule_id, effective_from)
  SELECT o.account_id, d.market, d.schedule_id, o.opened_on
  FROM opened o
  JOIN (SELECT DISTINCT ON (market, account_kind) market, account_kind, schedule_id
        FROM default_packages ORDER BY market, account_kind, version DESC) d
    ON d.account_kind = o.kind AND d.schedule_id IS NOT NULL
  ORDER BY o.account_id, d.market
  ON CONFLICT DO NOTHING`;

const CHANGED_ACCOUNTS = `
  UPDATE accounts a SET kind = f.kind, status = f.status, opened_on = f.opened_on,
    closed_on = f.closed_on
  FROM ${inForce('accounts')}
  WHERE f.account_no = a.account_no
    AND (a.kind, a.status, a.opened_on, a.closed_on)
        IS DISTINCT FROM (f.kind, f.status, f.opened_on, f.closed_on)`;

/**
 * Brings accounts, instruments and their assets to what the front office had recorded at the cutoff
 * of a ledger date. All flows of the date share that instant, since they share the rows: also a
 * flow whose trades a revoke froze earlier. Safe to repeat: what is equal is not touched, and ids
 * are handed out once, in the order of the front office's numbers.
 */
export async function refreshMasterData(
  client: pg.PoolClient,
  ledgerDate: BusinessDate,
): Promise<void> {
  for (const statement of [NEW_ASSETS, INSTRUMENTS, NEW_ACCOUNTS, CHANGED_ACCOUNTS]) {
    await client.query(statement, [ledgerDate]);
  }
}

/** The number that people know an account by. */
export async function accountNoOf(db: Db, accountId: number): Promise<string | undefined> {
  const { rows } = await db.$client.query<{ accountNo: string }>(
    'SELECT account_no AS "accountNo" FROM accounts WHERE account_id = $1',
    [accountId],
  );
  return rows[0]?.accountNo;
}
