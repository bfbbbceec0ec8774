import { asc, eq, sql } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { FeeRule } from '../domain/fees/fee-rule.ts';
import { agentExpenseCode, agentPayableCode } from '../domain/ledger/house-accounts.ts';
import type { Tx } from './client.ts';
import type { RulesOfMarket, TicketOrigin } from './fee-rules.repository.ts';
import { agentFeeRules } from './schema/agent-fees.ts';
import { feeCodes, houseAccounts, markets, settlementChannels } from './schema/reference.ts';
import { AGENT_EXPENSE_BASE, AGENT_PAYABLE_BASE } from './seed/reference-rows.ts';

/** What a new rule of an agent is held against, and the market that the agent serves. */
export interface RulesOfAgent extends RulesOfMarket {
  readonly market: string;
}

/** Throws NOT_FOUND for a settlement channel that nobody knows. */
export async function loadRulesOfAgent(tx: Tx, settlementChannel: string): Promise<RulesOfAgent> {
  const [channel] = await tx
    .select({ market: markets.market, currency: markets.currency })
    .from(settlementChannels)
    .innerJoin(markets, eq(markets.market, settlementChannels.market))
    .where(eq(settlementChannels.settlementChannel, settlementChannel));
  if (!channel) throw new ClearingError('NOT_FOUND', { settlementChannel });
  const rules = await tx
    .select({ definition: agentFeeRules.definition })
    .from(agentFeeRules)
    .where(eq(agentFeeRules.settlementChannel, settlementChannel))
    .orderBy(asc(agentFeeRules.ruleId));
  const codes = await tx.select({ feeCode: feeCodes.feeCode }).from(feeCodes);
  const [highest] = await tx
    .select({ ruleId: sql<number>`coalesce(max(${agentFeeRules.ruleId}), 0)` })
    .from(agentFeeRules);
  return {
    ...channel,
    ofMarket: rules.map(({ definition }) => definition as FeeRule),
    feeCodes: codes.map(({ feeCode }) => feeCode),
    nextRuleId: (highest?.ruleId ?? 0) + 1,
  };
}

/**
 * Adds one version, with the house accounts that it is booked to where they are not there yet. The
 * caller holds the lock of fee rules, under which the id was chosen.
 */
export async function addAgentFeeRule(
  tx: Tx,
  rule: FeeRule,
  by: TicketOrigin & { readonly knownFrom: BusinessDate },
): Promise<void> {
  const { ruleId, feeCode, market, version, effectiveFrom } = rule;
  const settlementChannel = rule.scheduleId ?? '';
  const searched = { ruleId, settlementChannel, feeCode, market, version, effectiveFrom };
  const [row] = await tx
    .select({
      feeCodeId: feeCodes.feeCodeId,
      streetId: houseAccounts.ledgerAccountId,
      street: houseAccounts.code,
    })
    .from(feeCodes)
    .innerJoin(settlementChannels, eq(settlementChannels.settlementChannel, settlementChannel))
    .innerJoin(houseAccounts, eq(houseAccounts.ledgerAccountId, settlementChannels.streetAccountId))
    .where(eq(feeCodes.feeCode, feeCode));
  if (!row) throw new ClearingError('NOT_FOUND', { settlementChannel, feeCode });
  await tx
    .insert(houseAccounts)
    .values([
      {
        ledgerAccountId: AGENT_EXPENSE_BASE + row.feeCodeId,
        code: agentExpenseCode(feeCode),
        name: `Expense: ${feeCode} of agents`,
        kind: 'AGENT_EXPENSE' as const,
      },
      {
        ledgerAccountId: AGENT_PAYABLE_BASE + row.streetId,
        code: agentPayableCode(row.street),
        name: `Payable to the custodian of ${row.street}`,
        kind: 'AGENT_PAYABLE' as const,
      },
    ])
    .onConflictDoNothing();
  await tx.insert(agentFeeRules).values({ ...searched, definition: rule, ...by });
}
