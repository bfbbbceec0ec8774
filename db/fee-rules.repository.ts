import { and, asc, eq, sql } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { FeeRule } from '../domain/fees/fee-rule.ts';
import { namedInRules } from '../domain/fees/named-in-rules.ts';
import type { Tx } from './client.ts';
import { accounts, feeCodes, feeRules, instruments, markets } from './schema/reference.ts';
import type { Transaction } from './transaction.ts';

const FEE_RULE_LOCK = 7714;

/**
 * Nobody else adds a fee rule or an exchange rate until this transaction ends. So they are
 * committed in the order of their ids, and a billing run that froze the highest one never finds
 * another below it.
 */
export async function lockFeeRules({ client }: Transaction): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [FEE_RULE_LOCK]);
}

export interface RulesOfMarket {
  /** Every version of every rule, oldest id first. */
  readonly ofMarket: readonly FeeRule[];
  readonly feeCodes: readonly string[];
  readonly currency: string;
  readonly nextRuleId: number;
}

/** What a new rule is held against. Throws NOT_FOUND for a market that nobody knows. */
export async function loadRulesOfMarket(tx: Tx, market: string): Promise<RulesOfMarket> {
  const [row] = await tx.select().from(markets).where(eq(markets.market, market));
  if (!row) throw new ClearingError('NOT_FOUND', { market });
  const rows = await tx
    .select({ definition: feeRules.definition })
    .from(feeRules)
    .where(eq(feeRules.market, market))
    .orderBy(asc(feeRules.ruleId));
  const codes = await tx.select({ feeCode: feeCodes.feeCode }).from(feeCodes);
  const [highest] = await tx
    .select({ ruleId: sql<number>`coalesce(max(${feeRules.ruleId}), 0)` })
    .from(feeRules);
  return {
    ofMarket: rows.map(({ definition }) => definition as FeeRule),
    feeCodes: codes.map(({ feeCode }) => feeCode),
    currency: row.currency,
    nextRuleId: (highest?.ruleId ?? 0) + 1,
  };
}

/** Throws NOT_FOUND for the first account or instrument that the rule names and nobody knows. */
export async function assertNamed(tx: Tx, rule: FeeRule): Promise<void> {
  const named = namedInRules([rule]);
  for (const accountNo of named.accountNos) {
    const found = await tx.select().from(accounts).where(eq(accounts.accountNo, accountNo));
    if (found.length === 0) throw new ClearingError('NOT_FOUND', { accountNo });
  }
  for (const instrumentId of named.instrumentIds) {
    const found = await tx
      .select()
      .from(instruments)
      .where(and(eq(instruments.instrumentId, instrumentId), eq(instruments.market, rule.market)));
    if (found.length === 0) throw new ClearingError('NOT_FOUND', { instrumentId });
  }
}

export interface TicketOrigin {
  readonly addedBy: string;
  readonly approvedBy: string[];
  readonly ticketId: string;
}

/** Adds one version. The caller holds the lock, under which the id of the rule was chosen. */
export async function addFeeRule(
  tx: Tx,
  rule: FeeRule,
  by: TicketOrigin & { readonly knownFrom: BusinessDate },
): Promise<void> {
  const { ruleId, feeCode, market, scheduleId, accountNo, version, effectiveFrom } = rule;
  const searched = { ruleId, feeCode, market, scheduleId, accountNo, version, effectiveFrom };
  await tx.insert(feeRules).values({ ...searched, definition: rule, ...by });
}
