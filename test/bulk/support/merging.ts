import type { Db } from '../../../db/client.ts';
import { mergeRules } from '../../../db/schema/fee-configuration.ts';
import { feeRules } from '../../../db/schema/reference.ts';
import type { BusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import type { MergeRule } from '../../../domain/merging/merge-rule.ts';

const RETAIL = 'sample-hk-retail';

/** Channels 0 to 3 share contracts, and so do 6 and 7; the others stay alone. */
export const MERGE_RULE: MergeRule = {
  ...{ mergeRuleId: 'hk', version: 1, name: 'Hong Kong', market: 'HK', packages: [RETAIL] },
  ...{ effectiveFrom: '2025-01-01' as BusinessDate, merge: true, greyMarketMerge: false },
  items: [
    { orderSources: [0, 1, 2, 3], mergeTag: 'online' },
    { orderSources: [6, 7], mergeTag: 'dealers' },
  ],
};

/** As a ticket enters it. */
export async function enterMergeRule(
  db: Db,
  changes: Partial<MergeRule> = {},
  knownFrom = '2025-12-22' as BusinessDate,
): Promise<void> {
  const definition = { ...MERGE_RULE, ...changes };
  const { mergeRuleId, version, market, effectiveFrom } = definition;
  const { rows } = await db.$client.query<{ next: number }>(
    'SELECT coalesce(max(rule_no), 0) + 1 AS next FROM merge_rules',
  );
  const ruleNo = rows[0]?.next ?? 1;
  const searched = { ruleNo, mergeRuleId, version, market, effectiveFrom, knownFrom };
  await db.insert(mergeRules).values({ ...searched, definition, addedBy: 'a test' });
}

let nextId = 70_000;

/** A fee that everybody pays, whatever their package. */
export async function enterFee(
  db: Db,
  feeCode: string,
  changes: Pick<FeeRule, 'unit' | 'formula'> & Partial<FeeRule>,
): Promise<void> {
  const definition: FeeRule = {
    ...{ ruleId: (nextId += 1), feeCode, market: 'HK', scheduleId: null, version: 1 },
    ...{ effectiveFrom: '2025-01-01' as BusinessDate, sides: 'BOTH', currency: 'HKD' },
    ...{ conditions: {}, rounding: { mode: 'half-up', increment: '0.01' } },
    ...changes,
  };
  const { ruleId, market, scheduleId, version, effectiveFrom } = definition;
  const searched = { ruleId, feeCode, market, scheduleId, version, effectiveFrom };
  await db.insert(feeRules).values({ ...searched, definition });
}

export interface MergedContract {
  readonly contractId: number;
  readonly orders: string;
  readonly gross: string;
  readonly fees: string;
}

/** The contracts that count: their orders in their places, and what they cost. */
export async function mergedContracts(db: Db): Promise<readonly MergedContract[]> {
  const { rows } = await db.$client.query<MergedContract>(
    `SELECT c.contract_id AS "contractId", trim_scale(c.gross_amount)::text AS gross,
       c.fee_amount::text AS fees, (SELECT string_agg(o.order_id, '+' ORDER BY o.place)
         FROM contract_orders o
         WHERE o.ledger_date = c.ledger_date AND o.contract_id = c.contract_id) AS orders
     FROM live_contracts c ORDER BY orders, c.contract_id`,
  );
  return rows;
}

export const ordersOf = async (db: Db): Promise<string[]> =>
  (await mergedContracts(db)).map(({ orders }) => orders);
