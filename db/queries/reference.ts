import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { AccountKind, AccountStatus, InstrumentType } from '../../domain/trades/trade.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import type { Reader } from './rows.ts';

export interface AccountView {
  readonly accountId: number;
  readonly accountNo: string;
  readonly kind: AccountKind;
  readonly status: AccountStatus;
  readonly openedOn: BusinessDate;
  readonly closedOn: BusinessDate | null;
  readonly feeSchedules: readonly {
    readonly market: string;
    readonly scheduleId: string;
    readonly effectiveFrom: BusinessDate;
    readonly effectiveTo: BusinessDate | null;
  }[];
}

const ACCOUNTS = `SELECT a.account_id AS "accountId", a.account_no AS "accountNo", a.kind, a.status,
  a.opened_on AS "openedOn", a.closed_on AS "closedOn", f.schedules AS "feeSchedules"
  FROM accounts a CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('market', market, 'scheduleId', schedule_id,
      'effectiveFrom', effective_from, 'effectiveTo', effective_to)
      ORDER BY market, effective_from), '[]') AS schedules
    FROM account_fee_schedules WHERE account_id = a.account_id) f`;

export interface AccountFilter extends PageRequest {
  readonly accountNo?: string | undefined;
  readonly kind?: AccountKind | undefined;
  readonly status?: AccountStatus | undefined;
}

export const readAccounts = (reader: Reader, filter: AccountFilter): Promise<Page<AccountView>> =>
  readPage<AccountView>(
    reader,
    {
      list: 'accounts',
      select: ACCOUNTS,
      conditions: new Conditions()
        .add('a.account_no = ?', filter.accountNo)
        .add('a.kind = ?', filter.kind)
        .add('a.status = ?', filter.status),
      key: [['a.account_id', 'bigint']],
      keyOf: (row) => [row.accountId],
    },
    filter,
  );

export interface InstrumentView {
  readonly assetId: number;
  readonly instrumentId: string;
  readonly market: string;
  readonly type: InstrumentType;
  readonly name: string;
  readonly currency: string;
  readonly lotSize: number;
  readonly stampDutyExempt: boolean;
}

const INSTRUMENTS = `SELECT asset_id AS "assetId", instrument_id AS "instrumentId", market, type,
  name, currency, lot_size AS "lotSize", stamp_duty_exempt AS "stampDutyExempt" FROM instruments`;

export interface InstrumentFilter extends PageRequest {
  readonly instrumentId?: string | undefined;
  readonly market?: string | undefined;
  readonly type?: InstrumentType | undefined;
}

export async function readInstruments(
  reader: Reader,
  filter: InstrumentFilter,
): Promise<Page<InstrumentView>> {
  await assertListed(reader, filter);
  const conditions = new Conditions()
    .add('instrument_id = ?', filter.instrumentId)
    .add('market = ?', filter.market)
    .add('type = ?', filter.type);
  const keyOf = (row: InstrumentView) => [row.assetId];
  return readPage<InstrumentView>(
    reader,
    {
      list: 'instruments',
      select: INSTRUMENTS,
      conditions,
      key: [['asset_id', 'integer']],
      keyOf,
    },
    filter,
  );
}
