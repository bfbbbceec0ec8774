import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { FeeRule } from '../domain/fees/fee-rule.ts';
import type { RuleFamily } from '../domain/fees/new-fee-rule.ts';
import type { Tx } from './client.ts';
import { feeCodes, feeRules, markets } from './schema/reference.ts';
import type { Transaction } from './transaction.ts';

const FEE_RULE_LOCK = 7714;

/**
 * Nobody else adds a fee rule until this transaction ends. So rules are committed in the order of
 * their ids, and a billing run that froze the highest one never finds another below it.
 */
export async function lockFeeRules({ client }: Transaction): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [FEE_RULE_LOCK]);
}

export interface FamilyRules {
  /** Every version, oldest id first. */
  readonly rules: readonly FeeRule[];
  readonly currency: string;
  readonly nextRuleId: number;
}

/** Throws NOT_FOUND for a market, a fee code or a schedule that nobody knows. */
export async function loadRuleFamily(tx: Tx, family: RuleFamily): Promise<FamilyRules> {
  const { market, feeCode, scheduleId } = family;
  const [ofMarket] = await tx.select().from(markets).where(eq(markets.market, market));
  if (!ofMarket) throw new ClearingError('NOT_FOUND', { market });
  const [code] = await tx.select().from(feeCodes).where(eq(feeCodes.feeCode, feeCode));
  if (!code) throw new ClearingError('NOT_FOUND', { feeCode });
  if (scheduleId !== null) await assertSchedule(tx, market, scheduleId);
  const bySchedule =
    scheduleId === null ? isNull(feeRules.scheduleId) : eq(feeRules.scheduleId, scheduleId);
  const rows = await tx
    .select({ definition: feeRules.definition })
    .from(feeRules)
    .where(and(eq(feeRules.market, market), eq(feeRules.feeCode, feeCode), bySchedule))
    .orderBy(asc(feeRules.ruleId));
  const [highest] = await tx
    .select({ ruleId: sql<number>`coalesce(max(${feeRules.ruleId}), 0)` })
    .from(feeRules);
  return {
    rules: rows.map(({ definition }) => definition as FeeRule),
    currency: ofMarket.currency,
    nextRuleId: (highest?.ruleId ?? 0) + 1,
  };
}

/** A schedule is known by the rules that it has. */
async function assertSchedule(tx: Tx, market: string, scheduleId: string): Promise<void> {
  const known = await tx
    .select({ ruleId: feeRules.ruleId })
    .from(feeRules)
    .where(and(eq(feeRules.market, market), eq(feeRules.scheduleId, scheduleId)))
    .limit(1);
  if (known.length === 0) throw new ClearingError('NOT_FOUND', { market, scheduleId });
}

/** Adds one version. The caller holds the lock, under which the id of the rule was chosen. */
export async function addFeeRule(
  tx: Tx,
  rule: FeeRule,
  by: {
    readonly addedBy: string;
    readonly approvedBy: readonly string[];
    readonly ticketId: string;
  },
): Promise<void> {
  const { ruleId, feeCode, market, scheduleId, version, effectiveFrom } = rule;
  const searched = { ruleId, feeCode, market, scheduleId, version, effectiveFrom };
  await tx
    .insert(feeRules)
    .values({ ...searched, definition: rule, ...by, approvedBy: [...by.approvedBy] });
}
