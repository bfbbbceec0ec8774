import { and, asc, eq, lte, sql } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { MergeRule } from '../domain/merging/merge-rule.ts';
import type { KnownMergeRules } from '../domain/merging/new-merge-rule.ts';
import type { Tx } from './client.ts';
import type { TicketOrigin } from './fee-rules.repository.ts';
import { mergeRules } from './schema/fee-configuration.ts';
import { feeRules, markets } from './schema/reference.ts';
import type { Transaction } from './transaction.ts';

const MERGE_RULE_LOCK = 7716;

/**
 * Nobody else adds a merge rule until this transaction ends. So they are committed in the order of
 * their numbers, and a billing run that froze the highest one never finds another below it.
 */
export async function lockMergeRules({ client }: Transaction): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [MERGE_RULE_LOCK]);
}

/** Every version of every rule, as it was added. */
export async function loadMergeRules(tx: Tx): Promise<readonly MergeRule[]> {
  const rows = await tx
    .select({ definition: mergeRules.definition })
    .from(mergeRules)
    .orderBy(asc(mergeRules.ruleNo));
  return rows.map(({ definition }) => definition as MergeRule);
}

/** Markets, and the packages that have a rule in one of them by a day. */
export async function loadPackagesOfMarket(
  tx: Tx,
  market: string,
  day: BusinessDate,
): Promise<Pick<KnownMergeRules, 'markets' | 'packages'>> {
  const known = await tx.select({ market: markets.market }).from(markets);
  const packages = await tx
    .selectDistinct({ scheduleId: feeRules.scheduleId })
    .from(feeRules)
    .where(and(eq(feeRules.market, market), lte(feeRules.effectiveFrom, day)));
  return {
    markets: known.map((row) => row.market),
    packages: packages.flatMap(({ scheduleId }) => scheduleId ?? []),
  };
}

/** Adds one version. The caller holds the lock. */
export async function addMergeRule(
  tx: Tx,
  rule: MergeRule,
  by: TicketOrigin & { readonly knownFrom: BusinessDate },
): Promise<void> {
  const { mergeRuleId, version, market, effectiveFrom } = rule;
  const [highest] = await tx
    .select({ ruleNo: sql<number>`coalesce(max(${mergeRules.ruleNo}), 0)` })
    .from(mergeRules);
  const ruleNo = (highest?.ruleNo ?? 0) + 1;
  await tx
    .insert(mergeRules)
    .values({ ruleNo, mergeRuleId, version, market, effectiveFrom, definition: rule, ...by });
}
