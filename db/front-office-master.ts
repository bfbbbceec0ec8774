import {
  readAccount,
  readInstrument,
  type AccountRow,
  type InstrumentRow,
} from '../domain/front-office/rows.ts';
import { contentKey } from '../domain/front-office/versions.ts';
import {
  FROM_THE_BEGINNING,
  versionsOf,
  type FrontOfficeTable,
  type VersionColumns,
} from './front-office-table.ts';

const accountContent = (row: Omit<AccountRow, 'accountNo' | 'version' | 'recordedAt'>) =>
  contentKey([row.kind, row.status, row.openedOn, row.closedOn]);

export const ACCOUNTS: FrontOfficeTable<AccountRow> = {
  read: readAccount,
  idOf: (row) => row.accountNo,
  contentOf: accountContent,
  ownTimeOf: () => FROM_THE_BEGINNING,
  resolve: async (_client, rows) => ({ rows, errors: [] }),
  async current(client, ids) {
    const { rows } = await client.query<Omit<AccountRow, 'recordedAt'> & VersionColumns>(
      `SELECT account_no AS "accountNo", version, recorded_at, kind, status,
              opened_on AS "openedOn", closed_on AS "closedOn"
       FROM front_office.accounts WHERE account_no = ANY($1::text[])`,
      [ids],
    );
    return versionsOf(rows, (row) => row.accountNo, accountContent);
  },
  async store(client, inserts) {
    const newest = inserts.filter((stored) => stored.supersededAt === null);
    await client.query(
      `INSERT INTO front_office.accounts
         (account_no, kind, status, opened_on, closed_on, version, recorded_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[], $6::int[],
         $7::timestamptz[])
       ON CONFLICT (account_no) DO UPDATE SET kind = excluded.kind, status = excluded.status,
         opened_on = excluded.opened_on, closed_on = excluded.closed_on,
         version = excluded.version, recorded_at = excluded.recorded_at`,
      [
        newest.map((stored) => stored.id),
        newest.map(({ row }) => row.kind),
        newest.map(({ row }) => row.status),
        newest.map(({ row }) => row.openedOn),
        newest.map(({ row }) => row.closedOn),
        newest.map((stored) => stored.version),
        newest.map((stored) => stored.recordedAt),
      ],
    );
  },
  supersede: async () => undefined,
};

const instrumentContent = (row: Omit<InstrumentRow, 'instrumentId' | 'version' | 'recordedAt'>) =>
  contentKey([row.market, row.type, row.name, row.currency, row.lotSize, row.stampDutyExempt]);

export const INSTRUMENTS: FrontOfficeTable<InstrumentRow> = {
  read: readInstrument,
  idOf: (row) => row.instrumentId,
  contentOf: instrumentContent,
  ownTimeOf: () => FROM_THE_BEGINNING,
  resolve: async (_client, rows) => ({ rows, errors: [] }),
  async current(client, ids) {
    const { rows } = await client.query<Omit<InstrumentRow, 'recordedAt'> & VersionColumns>(
      `SELECT instrument_id AS "instrumentId", version, recorded_at, market, type, name, currency,
              lot_size AS "lotSize", stamp_duty_exempt AS "stampDutyExempt"
       FROM front_office.instruments WHERE instrument_id = ANY($1::text[])`,
      [ids],
    );
    return versionsOf(rows, (row) => row.instrumentId, instrumentContent);
  },
  async store(client, inserts) {
    const newest = inserts.filter((stored) => stored.supersededAt === null);
    await client.query(
      `INSERT INTO front_office.instruments (instrument_id, market, type, name, currency, lot_size,
         stamp_duty_exempt, version, recorded_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[],
         $7::boolean[], $8::int[], $9::timestamptz[])
       ON CONFLICT (instrument_id) DO UPDATE SET type = excluded.type, name = excluded.name,
         currency = excluded.currency, lot_size = excluded.lot_size,
         stamp_duty_exempt = excluded.stamp_duty_exempt, version = excluded.version,
         recorded_at = excluded.recorded_at`,
      [
        newest.map((stored) => stored.id),
        newest.map(({ row }) => row.market),
        newest.map(({ row }) => row.type),
        newest.map(({ row }) => row.name),
        newest.map(({ row }) => row.currency),
        newest.map(({ row }) => row.lotSize),
        newest.map(({ row }) => row.stampDutyExempt),
        newest.map((stored) => stored.version),
        newest.map((stored) => stored.recordedAt),
      ],
    );
  },
  supersede: async () => undefined,
};
