import { readFileSync } from 'node:fs';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { CalendarFile } from '../../domain/calendar/market-calendars.ts';
import type { FeeRuleFile } from '../../domain/fees/fee-rule.ts';
import { feeAccountCode } from '../../domain/ledger/house-accounts.ts';
import type { Tx } from '../client.ts';
import type { Transaction } from '../transaction.ts';
import {
  assets,
  bankClosures,
  calendarClosures,
  calendarCoverage,
  feeCodes,
  feeRules,
  flows,
  houseAccounts,
  markets,
  readinessItems,
  settlementChannels,
  settlementCycles,
} from '../schema/reference.ts';
import {
  FEE_ACCOUNT_BASE,
  FEE_PAYEES,
  FLOW_ROWS,
  HOUSE_ACCOUNT_ROWS,
  MARKET_ROWS,
  READINESS_ROWS,
  SETTLEMENT_CHANNEL_ROWS,
} from './reference-rows.ts';

const SEED_LOCK = 7704;

const readSeed = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));

const ofOurMarkets = (row: { readonly market: string }): boolean =>
  MARKET_ROWS.some(({ market }) => market === row.market);

/**
 * Loads what clearing needs to know before the first account. Rows that are there already stay as
 * they are, so that it can run at every start and never undoes a change made by an operator.
 */
export async function seedReference(t: Transaction): Promise<void> {
  await t.client.query('SELECT pg_advisory_xact_lock($1)', [SEED_LOCK]);
  const { tx } = t;
  await tx.insert(flows).values(FLOW_ROWS).onConflictDoNothing();
  await tx.insert(markets).values(MARKET_ROWS).onConflictDoNothing();
  await tx.insert(houseAccounts).values(HOUSE_ACCOUNT_ROWS).onConflictDoNothing();
  await tx.insert(settlementChannels).values(SETTLEMENT_CHANNEL_ROWS).onConflictDoNothing();
  await tx.insert(readinessItems).values(READINESS_ROWS).onConflictDoNothing();
  const currencies = MARKET_ROWS.map(({ currency }) => ({
    kind: 'CURRENCY' as const,
    code: currency,
  }));
  await tx.insert(assets).values(currencies).onConflictDoNothing();
  await seedCalendars(tx, readSeed('calendars.json') as CalendarFile);
  await seedFees(tx, readSeed('fee-rules.json') as FeeRuleFile);
}

async function seedCalendars(tx: Tx, file: CalendarFile): Promise<void> {
  const coverage = file.coverage.filter(ofOurMarkets).map(({ market, from, to }) => ({
    market,
    coveredFrom: from as BusinessDate,
    coveredTo: to as BusinessDate,
  }));
  const closures = file.closures.filter(ofOurMarkets);
  const dated = closures.flatMap(({ market, kind, day, reason }) =>
    kind === 'bank' ? [] : [{ market, kind, day: day as BusinessDate, reason }],
  );
  const currencyOf = new Map(MARKET_ROWS.map(({ market, currency }) => [market, currency]));
  const bank = closures
    .filter(({ kind }) => kind === 'bank')
    .map(({ market, day, reason }) => ({
      currency: currencyOf.get(market) ?? market,
      day: day as BusinessDate,
      reason,
    }));
  const cycles = file.settlementCycles.filter(ofOurMarkets).map((row) => ({
    market: row.market,
    instrumentType: row.instrumentType ?? '',
    effectiveFrom: row.effectiveFrom as BusinessDate,
    cashDays: row.cashDays,
    securitiesDays: row.securitiesDays,
  }));
  await tx.insert(calendarCoverage).values(coverage).onConflictDoNothing();
  await tx.insert(calendarClosures).values(dated).onConflictDoNothing();
  await tx.insert(bankClosures).values(bank).onConflictDoNothing();
  await tx.insert(settlementCycles).values(cycles).onConflictDoNothing();
}

async function seedFees(tx: Tx, file: FeeRuleFile): Promise<void> {
  const rules = file.rules.filter(ofOurMarkets);
  const rows = rules.map((rule) => ({
    ruleId: rule.ruleId,
    feeCode: rule.feeCode,
    market: rule.market,
    scheduleId: rule.scheduleId,
    version: rule.version,
    effectiveFrom: rule.effectiveFrom,
    definition: rule,
  }));
  await tx.insert(feeRules).values(rows).onConflictDoNothing();

  const known = await tx.select().from(feeCodes);
  const ids = new Map(known.map(({ feeCode, feeCodeId }) => [feeCode, feeCodeId]));
  const added = [...new Set(rules.map(({ feeCode }) => feeCode))].filter((code) => !ids.has(code));
  const first = Math.max(0, ...ids.values()) + 1;
  const codes = added.map((feeCode, index) => ({
    feeCodeId: first + index,
    feeCode,
    payee: FEE_PAYEES[feeCode] ?? ('BROKER' as const),
  }));
  if (codes.length === 0) return;
  await tx.insert(feeCodes).values(codes);
  await tx.insert(houseAccounts).values(
    codes.map(({ feeCodeId, feeCode, payee }) => ({
      ledgerAccountId: FEE_ACCOUNT_BASE + feeCodeId,
      code: feeAccountCode(feeCode),
      name: payee === 'BROKER' ? `Income: ${feeCode}` : `Payable: ${feeCode}`,
      kind: 'FEE' as const,
    })),
  );
}
