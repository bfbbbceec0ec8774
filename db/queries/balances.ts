import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import { inMoney, inUnits } from './amounts.ts';
import { groupRows } from './group-rows.ts';
import { accountIdOf, assertListed, assetIdOf } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

/** What a client has of one asset; + is theirs, − is owed. */
export interface HoldingView {
  readonly accountNo: string;
  readonly asset: string;
  readonly settled: DecimalString;
  readonly unsettled: DecimalString;
  readonly frozen: DecimalString;
  /** Only when the list is of one account. */
  readonly unsettledByDate?: readonly {
    readonly settlementDate: BusinessDate;
    readonly amount: DecimalString;
  }[];
}

interface Key {
  readonly accountId: number;
  readonly assetId: number;
  readonly accountNo: string;
  readonly asset: string;
}

type Sums = Pick<HoldingView, 'settled' | 'unsettled' | 'frozen'>;
interface Due {
  readonly assetId: number;
  readonly settlementDate: BusinessDate;
  readonly amount: DecimalString;
}

const KEYS = `SELECT b.ledger_account_id AS "accountId", b.asset_id AS "assetId",
  a.account_no AS "accountNo", s.code AS asset
  FROM balances b JOIN assets s ON s.asset_id = b.asset_id
  JOIN accounts a ON a.account_id = b.ledger_account_id`;

const BUCKET = (bucket: number, name: string): string =>
  `coalesce(sum(x.amount) FILTER (WHERE x.bucket = ${bucket}), 0) AS ${name}`;
const SUMS = [BUCKET(1, 'settled'), BUCKET(2, 'unsettled'), BUCKET(3, 'frozen')].join(', ');

const writerOf = (kind: HoldingFilter['kind']) => (kind === 'CURRENCY' ? inMoney : inUnits);

/** Sums as they are shown; all of a page are of one kind. */
function shown(kind: HoldingFilter['kind']): string {
  return ['settled', 'unsettled', 'frozen']
    .map((name) => `${writerOf(kind)(`x.${name}`)} AS ${name}`)
    .join(', ');
}

const ofKeys = (kind: HoldingFilter['kind'], sums: string): string => `SELECT ${shown(kind)}
  FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS k (account_id, asset_id, n)
  CROSS JOIN LATERAL (${sums}) x ORDER BY k.n`;

const NOW = `SELECT ${SUMS} FROM balances x
  WHERE x.ledger_account_id = k.account_id AND x.asset_id = k.asset_id`;

/** Sums of postings, which are the truth; the bound on the id lets the clients' index serve. */
const AS_OF = `SELECT ${SUMS} FROM postings x
  WHERE x.ledger_account_id = k.account_id AND x.ledger_account_id >= ${FIRST_CLIENT_ACCOUNT}
    AND x.asset_id = k.asset_id AND x.ledger_date <= $3`;

const due = (
  kind: HoldingFilter['kind'],
): string => `SELECT asset_id AS "assetId", settlement_date AS "settlementDate", 
  ${writerOf(kind)('sum(amount)')} AS amount FROM postings
  WHERE ledger_account_id = $1 AND ledger_account_id >= ${FIRST_CLIENT_ACCOUNT}
    AND asset_id = ANY($2::int[]) AND bucket = 2 AND ledger_date <= coalesce($3::date, ledger_date)
  GROUP BY asset_id, settlement_date HAVING sum(amount) <> 0 ORDER BY asset_id, settlement_date`;

export interface HoldingFilter extends PageRequest {
  readonly kind: 'CURRENCY' | 'INSTRUMENT';
  readonly accountNo?: string | undefined;
  /** A currency or an instrument id. */
  readonly asset?: string | undefined;
  /** The end of this ledger date; absent = now. */
  readonly asOf?: BusinessDate | undefined;
}

/** Cash or securities of clients by account, now or as of the end of a ledger date. */
export async function readHoldings(
  reader: Reader,
  filter: HoldingFilter,
): Promise<Page<HoldingView>> {
  const { kind, asset, asOf } = filter;
  if (kind === 'CURRENCY') await assertListed(reader, { currency: asset });
  const accountId = await accountIdOf(reader, filter.accountNo);
  const page = await readPage<Key>(
    reader,
    {
      list: kind,
      select: KEYS,
      conditions: new Conditions()
        .add('s.kind = ?', kind)
        .add('b.ledger_account_id = ?', accountId)
        .add('b.asset_id = ?', await assetIdOf(reader, kind, asset)),
      groupBy: 'b.ledger_account_id, b.asset_id, a.account_no, s.code',
      key: [
        ['b.ledger_account_id', 'bigint'],
        ['b.asset_id', 'integer'],
      ],
      keyOf: (row) => [row.accountId, row.assetId],
    },
    filter,
  );
  const assetIds = page.items.map(({ assetId }) => assetId);
  const keys = [page.items.map((row) => row.accountId), assetIds];
  const sums = await rows<Sums>(
    reader,
    ofKeys(kind, asOf === undefined ? NOW : AS_OF),
    asOf === undefined ? keys : [...keys, asOf],
  );
  const dues =
    accountId === undefined
      ? undefined
      : groupRows(
          await rows<Due>(reader, due(kind), [accountId, assetIds, asOf ?? null]),
          ({ assetId }) => assetId,
        );
  const items = page.items.flatMap(({ accountNo, asset, assetId }, at) => {
    const sum = sums[at];
    if (!sum) return [];
    const dates = dues && { unsettledByDate: dues.get(assetId) ?? [] };
    return [{ accountNo, asset, ...sum, ...dates }];
  });
  return { ...page, items };
}
