import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import { Decimal, ZERO, type DecimalString } from '../../domain/money/decimal.ts';
import { byKind } from './amounts.ts';
import { groupRows } from './group-rows.ts';
import type { PostingView } from './journals.ts';
import { rows, type Reader } from './rows.ts';

/** What all accounts of one kind hold of one asset. The totals of an asset add up to zero. */
export interface TrialBalanceRow {
  readonly asset: string;
  readonly assetKind: PostingView['assetKind'];
  readonly holder: PostingView['holder'];
  readonly settled: DecimalString;
  readonly unsettled: DecimalString;
  readonly frozen: DecimalString;
  readonly total: DecimalString;
}

const BUCKET = (bucket: number, name: string): string => {
  const sum = `coalesce(sum(x.amount) FILTER (WHERE x.bucket = ${bucket}), 0)`;
  return `${byKind('s.kind', sum)} AS ${name}`;
};
const SUMS = (source: string): string => `SELECT s.code AS asset, s.kind AS "assetKind", x.holder,
  ${BUCKET(1, 'settled')}, ${BUCKET(2, 'unsettled')}, ${BUCKET(3, 'frozen')},
  ${byKind('s.kind', 'sum(x.amount)')} AS total
  FROM (${source}) x JOIN assets s ON s.asset_id = x.asset_id
  GROUP BY s.kind, s.code, x.holder ORDER BY s.kind, s.code, x.holder`;

const HOUSE_KIND = `(SELECT kind FROM house_accounts h WHERE h.ledger_account_id = b.account_id)`;

const NOW = SUMS(`
  SELECT 'CLIENT' AS holder, asset_id, bucket, sum(amount) AS amount
  FROM balances GROUP BY asset_id, bucket
  UNION ALL SELECT ${HOUSE_KIND}, b.asset_id, b.bucket, b.amount FROM (
    SELECT ledger_account_id AS account_id, asset_id, bucket, sum(amount) AS amount
    FROM house_balance_deltas GROUP BY 1, 2, 3) b`);

/** Clients fall into one group (account 0) before the names are looked up. */
const AS_OF = SUMS(`
  SELECT coalesce(${HOUSE_KIND}, 'CLIENT') AS holder, b.asset_id, b.bucket, b.amount FROM (
    SELECT CASE WHEN ledger_account_id >= ${FIRST_CLIENT_ACCOUNT} THEN 0 ELSE ledger_account_id END
      AS account_id, asset_id, bucket, sum(amount) AS amount
    FROM postings WHERE ledger_date <= $1 GROUP BY 1, 2, 3) b`);

/** From the stored balances, or from every posting up to the end of a ledger date. */
export const readTrialBalance = (
  reader: Reader,
  asOf?: BusinessDate,
): Promise<TrialBalanceRow[]> =>
  asOf === undefined ? rows(reader, NOW) : rows(reader, AS_OF, [asOf]);

export interface AssetTotal {
  readonly asset: string;
  readonly assetKind: PostingView['assetKind'];
  readonly total: DecimalString;
}

/** What the kinds hold together: zero for every asset, or the books are wrong. */
export function assetTotals(balance: readonly TrialBalanceRow[]): AssetTotal[] {
  return [...groupRows(balance, ({ asset }) => asset)].map(([asset, held]) => ({
    asset,
    assetKind: held[0]?.assetKind ?? 'CURRENCY',
    total: Decimal.sum(ZERO, ...held.map(({ total }) => total)).toFixed(),
  }));
}
