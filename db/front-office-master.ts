import {
  readAccount,
  readInstrument,
  type AccountRow,
  type InstrumentRow,
} from '../domain/front-office/rows.ts';
import { contentKey } from '../domain/front-office/versions.ts';
import {
  endVersions,
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
  async stored(client, ids) {
    const { rows } = await client.query<Omit<AccountRow, 'recordedAt'> & VersionColumns>(
      `SELECT account_no AS "accountNo", version, recorded_at, kind, status,
              opened_on AS "openedOn", closed_on AS "closedOn"
       FROM front_office.accounts WHERE account_no = ANY($1::text[]) ORDER BY version`,
      [ids],
    );
    return versionsOf(rows, (row) => row.accountNo, accountContent);
  },
  async store(client, inserts) {
    await client.query(
      `INSERT INTO front_office.accounts
         (account_no, kind, status, opened_on, closed_on, version, recorded_at, superseded_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[], $6::int[],
         $7::timestamptz[], $8::timestamptz[])`,
      [
        inserts.map((stored) => stored.id),
        inserts.map(({ row }) => row.kind),
        inserts.map(({ row }) => row.status),
        inserts.map(({ row }) => row.openedOn),
        inserts.map(({ row }) => row.closedOn),
        inserts.map((stored) => stored.version),
        inserts.map((stored) => stored.recordedAt),
        inserts.map((stored) => stored.supersededAt),
      ],
    );
  },
  supersede: (client, supersessions) =>
    endVersions(client, 'accounts', 'account_no', supersessions),
};

const instrumentContent = (row: Omit<InstrumentRow, 'instrumentId' | 'version' | 'recordedAt'>) =>
  contentKey([row.market, row.type, row.name, row.currency, row.lotSize, row.stampDutyExempt]);

export const INSTRUMENTS: FrontOfficeTable<InstrumentRow> = {
  read: readInstrument,
  idOf: (row) => row.instrumentId,
  contentOf: instrumentContent,
  ownTimeOf: () => FROM_THE_BEGINNING,
  resolve: async (_client, rows) => ({ rows, errors: [] }),
  async stored(client, ids) {
    const { rows } = await client.query<Omit<InstrumentRow, 'recordedAt'> & VersionColumns>(
      `SELECT instrument_id AS "instrumentId", version, recorded_at, market, type, name, currency,
              lot_size AS "lotSize", stamp_duty_exempt AS "stampDutyExempt"
       FROM front_office.instruments WHERE instrument_id = ANY($1::text[]) ORDER BY version`,
      [ids],
    );
    return versionsOf(rows, (row) => row.instrumentId, instrumentContent);
  },
  async store(client, inserts) {
    await client.query(
      `INSERT INTO front_office.instruments (instrument_id, market, type, name, currency, lot_size,
         stamp_duty_exempt, version, recorded_at, superseded_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[],
         $7::boolean[], $8::int[], $9::timestamptz[], $10::timestamptz[])`,
      [
        inserts.map((stored) => stored.id),
        inserts.map(({ row }) => row.market),
        inserts.map(({ row }) => row.type),
        inserts.map(({ row }) => row.name),
        inserts.map(({ row }) => row.currency),
        inserts.map(({ row }) => row.lotSize),
        inserts.map(({ row }) => row.stampDutyExempt),
        inserts.map((stored) => stored.version),
        inserts.map((stored) => stored.recordedAt),
        inserts.map((stored) => stored.supersededAt),
      ],
    );
  },
  supersede: (client, supersessions) =>
    endVersions(client, 'instruments', 'instrument_id', supersessions),
};
