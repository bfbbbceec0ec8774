import { and, desc, eq, lte } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { AccountKind } from '../domain/trades/trade.ts';
import type { Tx } from './client.ts';
import type { TicketOrigin } from './fee-rules.repository.ts';
import { defaultPackages } from './schema/fee-configuration.ts';
import { accountFeeSchedules, accounts, feeRules, markets } from './schema/reference.ts';
import type { Transaction } from './transaction.ts';

const PACKAGE_LOCKS = 7715;

/** Nobody else changes the packages of the account, or the defaults, until this transaction ends. */
export async function lockPackages({ client }: Transaction, of: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [PACKAGE_LOCKS, of]);
}

/** A package is known by its rules: true when one of them has begun by then. */
export async function hasPackage(
  tx: Tx,
  { market, scheduleId }: { readonly market: string; readonly scheduleId: string },
  day: BusinessDate,
): Promise<boolean> {
  const found = await tx
    .select({ ruleId: feeRules.ruleId })
    .from(feeRules)
    .where(
      and(
        eq(feeRules.market, market),
        eq(feeRules.scheduleId, scheduleId),
        lte(feeRules.effectiveFrom, day),
      ),
    )
    .limit(1);
  return found.length > 0;
}

export interface PackageOfAccount {
  readonly scheduleId: string;
  readonly effectiveFrom: BusinessDate;
  readonly effectiveTo: BusinessDate | null;
}

export interface AccountPackages {
  readonly accountId: number;
  /** The latest first; of those that have begun the first counts. */
  readonly packages: readonly PackageOfAccount[];
}

/** Throws NOT_FOUND for an account or a market that nobody knows. */
export async function loadPackages(
  tx: Tx,
  { accountNo, market }: { readonly accountNo: string; readonly market: string },
): Promise<AccountPackages> {
  const [account] = await tx.select().from(accounts).where(eq(accounts.accountNo, accountNo));
  if (!account) throw new ClearingError('NOT_FOUND', { accountNo });
  await assertMarket(tx, market);
  const { scheduleId, effectiveFrom, effectiveTo } = accountFeeSchedules;
  const packages = await tx
    .select({ scheduleId, effectiveFrom, effectiveTo })
    .from(accountFeeSchedules)
    .where(
      and(
        eq(accountFeeSchedules.accountId, account.accountId),
        eq(accountFeeSchedules.market, market),
      ),
    )
    .orderBy(desc(effectiveFrom));
  return { accountId: account.accountId, packages };
}

async function assertMarket(tx: Tx, market: string): Promise<void> {
  const found = await tx.select().from(markets).where(eq(markets.market, market));
  if (found.length === 0) throw new ClearingError('NOT_FOUND', { market });
}

/**
 * Gives the account a package from a day on. What began before is left as it is and ends with it;
 * one from the same day is replaced, which the caller allows only while nothing was billed by it.
 */
export async function givePackage(
  tx: Tx,
  row: {
    readonly accountId: number;
    readonly market: string;
    readonly scheduleId: string;
    readonly effectiveFrom: BusinessDate;
    readonly ticketId: string;
  },
): Promise<void> {
  const { scheduleId, ticketId } = row;
  await tx
    .insert(accountFeeSchedules)
    .values(row)
    .onConflictDoUpdate({
      target: [
        accountFeeSchedules.accountId,
        accountFeeSchedules.market,
        accountFeeSchedules.effectiveFrom,
      ],
      set: { scheduleId, ticketId, effectiveTo: null },
    });
}

export interface DefaultPackage {
  /** 0: there never was one. */
  readonly version: number;
  readonly scheduleId: string | null;
}

/** Throws NOT_FOUND for a market that nobody knows. */
export async function loadDefaultPackage(
  tx: Tx,
  of: { readonly market: string; readonly accountKind: AccountKind },
): Promise<DefaultPackage> {
  await assertMarket(tx, of.market);
  const { version, scheduleId } = defaultPackages;
  const [newest] = await tx
    .select({ version, scheduleId })
    .from(defaultPackages)
    .where(
      and(eq(defaultPackages.market, of.market), eq(defaultPackages.accountKind, of.accountKind)),
    )
    .orderBy(desc(version))
    .limit(1);
  return newest ?? { version: 0, scheduleId: null };
}

export async function addDefaultPackage(
  tx: Tx,
  row: {
    readonly market: string;
    readonly accountKind: AccountKind;
    readonly version: number;
    readonly scheduleId: string | null;
  },
  by: TicketOrigin,
): Promise<void> {
  await tx.insert(defaultPackages).values({ ...row, ...by });
}
