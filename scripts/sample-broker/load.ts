import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../config.ts';
import { loadClearingCalendar } from '../../db/calendars.repository.ts';
import { connect } from '../../db/client.ts';
import { writeDailyRoot } from '../../db/daily-roots.repository.ts';
import { openLedgerDate } from '../../db/ledger-dates.repository.ts';
import { seedReference } from '../../db/seed/reference.ts';
import { feeCodes, feeRules, settlementChannels } from '../../db/schema/reference.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { previousLedgerDate } from '../../domain/calendar/ledger-date.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { BookWriter } from './book-writer.ts';
import { MANIFEST_NAME, writeCounterpartyFiles } from './counterparty-files.ts';
import { DEFAULT_OPTIONS, generateSampleBroker, generateTinyBroker } from './generate.ts';
import { loadOpeningContracts } from './load-opening-contracts.ts';
import { loadAccounts, loadFrontOffice, loadInstruments } from './load-front-office.ts';
import type { SampleBroker, SampleOptions } from './model.ts';
import type { OpeningReference } from './opening-contracts.ts';
import { writeOpeningHoldings } from './opening-holdings.ts';
import { CARRIED_IN_ON, FIRST_LEDGER_DATE, OPENING_SESSIONS } from './sessions.ts';

export interface LoadOptions extends Partial<SampleOptions> {
  /** Where the counterparty files go; `.daycut/sample-broker` of the project unless said. */
  readonly filesDir?: string;
  /** `HH:MM` in Hong Kong; 17:00 unless said. */
  readonly cutoffTime?: string;
}

export interface TinyOptions {
  readonly firstLedgerDate?: BusinessDate;
  readonly cutoffTime?: string;
}

const LOAD_LOCK = 7705;
const DEFAULT_CUTOFF = '17:00';

export const defaultFilesDir = (): string => join(projectRoot, '.daycut', 'sample-broker');

/** Hong Kong has had no summer time since 1979, so its offset is a constant. */
const cutoffOf = (ledgerDate: BusinessDate, time: string): Date =>
  new Date(`${ledgerDate}T${time}:00+08:00`);

/** True when this database knows a ledger date: then a broker lives there already. */
async function isLoaded({ client }: Transaction): Promise<boolean> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [LOAD_LOCK]);
  const { rowCount } = await client.query('SELECT 1 FROM ledger_dates LIMIT 1');
  return (rowCount ?? 0) > 0;
}

async function addCutDate(
  { client }: Transaction,
  ledgerDate: BusinessDate,
  cutoffAt: Date,
): Promise<void> {
  await client.query(
    `INSERT INTO ledger_dates (ledger_date, status, cutoff_at, opened_at, cut_at)
     VALUES ($1, 'CUT', $2, $2, $2)`,
    [ledgerDate, cutoffAt],
  );
  await client.query('SELECT open_partitions($1)', [ledgerDate]);
}

interface Dates {
  readonly carriedInOn: BusinessDate;
  readonly cut: readonly BusinessDate[];
  readonly first: BusinessDate;
  readonly cutoffTime: string;
}

async function openingReference(
  { tx }: Transaction,
  assetIds: ReadonlyMap<string, number>,
): Promise<OpeningReference> {
  const codes = await tx.select().from(feeCodes);
  const channels = await tx.select().from(settlementChannels);
  return {
    assetIds,
    feeCodeIds: new Map(codes.map((row) => [row.feeCode, row.feeCodeId])),
    streetAccounts: new Map(channels.map((row) => [row.settlementChannel, row.streetAccountId])),
  };
}

async function storedRules({ tx }: Transaction): Promise<FeeRule[]> {
  const rows = await tx.select({ definition: feeRules.definition }).from(feeRules);
  return rows.map(({ definition }) => definition as FeeRule);
}

async function loadBroker(t: Transaction, broker: SampleBroker, dates: Dates): Promise<void> {
  const { client } = t;
  const assetIds = await loadInstruments(client, broker.instruments);
  await loadAccounts(client, broker.accounts);
  await loadFrontOffice(client, broker);
  for (const date of dates.cut) await addCutDate(t, date, cutoffOf(date, dates.cutoffTime));
  const books = new BookWriter(client);
  await writeOpeningHoldings(books, dates.carriedInOn, broker.holdings, assetIds);
  await loadOpeningContracts(
    { client, books, firstLedgerDate: dates.first, ...(await openingReference(t, assetIds)) },
    broker.openingSessions,
    {
      calendar: await loadClearingCalendar(t.tx),
      rules: await storedRules(t),
      accounts: broker.accounts,
    },
  );
  await books.write();
  await books.seal(t);
  for (const date of dates.cut) await writeDailyRoot(t.client, date);
  await openLedgerDate(t.tx, dates.first, cutoffOf(dates.first, dates.cutoffTime));
}

/** Without statistics the first plans of a fresh database are guesses. */
const TABLES_TO_ANALYZE = ['front_office.orders', 'front_office.executions', 'accounts'];

/**
 * Fills an empty, migrated database with the sample broker and writes its counterparty files. The
 * first ledger date is open afterwards. In a database that knows a ledger date no row is changed,
 * and only missing files are written again; the options must then be those of the first call.
 */
export async function loadSampleBroker(url: string, options: LoadOptions = {}): Promise<void> {
  const { filesDir = defaultFilesDir(), cutoffTime = DEFAULT_CUTOFF, ...sample } = options;
  const generate = (): SampleBroker => generateSampleBroker({ ...DEFAULT_OPTIONS, ...sample });
  const db = connect(url, { poolSize: 1, name: 'daycut-sample-broker' });
  try {
    const loaded = await inTransaction(db, async (t) => {
      if (await isLoaded(t)) return undefined;
      const broker = generate();
      await seedReference(t);
      await loadBroker(t, broker, {
        carriedInOn: CARRIED_IN_ON,
        cut: [...new Set([CARRIED_IN_ON, ...OPENING_SESSIONS.map((each) => each.ledgerDate)])],
        first: FIRST_LEDGER_DATE,
        cutoffTime,
      });
      await t.client.query(`ANALYZE ${TABLES_TO_ANALYZE.join(', ')}`);
      return broker;
    });
    if (loaded !== undefined || !existsSync(join(filesDir, MANIFEST_NAME))) {
      writeCounterpartyFiles(loaded ?? generate(), filesDir);
    }
  } finally {
    await db.$client.end();
  }
}

/**
 * The same reference data and instruments, thirty rich accounts and no trade: whoever calls it
 * brings the trades. Accounts 20000001 to 20000027 are active (vip from 20000021 on), 20000028 is
 * CLOSED, 20000029 FROZEN and 20000030 has no fee schedule; every third one is a margin account.
 */
export async function loadTinyBroker(url: string, options: TinyOptions = {}): Promise<void> {
  const { firstLedgerDate: first = FIRST_LEDGER_DATE, cutoffTime = DEFAULT_CUTOFF } = options;
  const db = connect(url, { poolSize: 1, name: 'daycut-tiny-broker' });
  try {
    await inTransaction(db, async (t) => {
      if (await isLoaded(t)) return;
      await seedReference(t);
      const { union } = await loadClearingCalendar(t.tx);
      const carriedInOn = previousLedgerDate(union, first);
      const dates = { carriedInOn, cut: [carriedInOn], first, cutoffTime };
      await loadBroker(t, generateTinyBroker(), dates);
    });
  } finally {
    await db.$client.end();
  }
}
