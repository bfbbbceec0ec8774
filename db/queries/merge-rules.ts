import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { MergeItem } from '../../domain/merging/merge-rule.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import type { Reader } from './rows.ts';

export interface MergeRuleView {
  readonly ruleNo: number;
  readonly mergeRuleId: string;
  readonly version: number;
  readonly name: string;
  readonly market: string;
  readonly effectiveFrom: BusinessDate;
  readonly effectiveTo: BusinessDate | null;
  readonly packages: readonly string[];
  readonly merge: boolean;
  readonly greyMarketMerge: boolean;
  readonly items: readonly MergeItem[];
  readonly voided: boolean;
  /** The ledger date that was open when it was added; earlier ones do not know it. */
  readonly knownFrom: BusinessDate;
  readonly addedBy: string;
  readonly approvedBy: readonly string[];
  readonly ticketId: string | null;
  readonly addedAt: string;
}

const MERGE_RULES = `SELECT rule_no AS "ruleNo", merge_rule_id AS "mergeRuleId", version,
  definition ->> 'name' AS name, market, effective_from AS "effectiveFrom",
  definition ->> 'effectiveTo' AS "effectiveTo", definition -> 'packages' AS packages,
  (definition ->> 'merge')::boolean AS merge,
  (definition ->> 'greyMarketMerge')::boolean AS "greyMarketMerge", definition -> 'items' AS items,
  definition ? 'voided' AS voided, known_from AS "knownFrom", added_by AS "addedBy",
  approved_by AS "approvedBy", ticket_id AS "ticketId", added_at AS "addedAt" FROM merge_rules`;

export interface MergeRuleFilter extends PageRequest {
  readonly market?: string | undefined;
  readonly mergeRuleId?: string | undefined;
  readonly package?: string | undefined;
}

/** Every version of every merge rule, in the order in which they were added. */
export async function readMergeRules(
  reader: Reader,
  filter: MergeRuleFilter,
): Promise<Page<MergeRuleView>> {
  await assertListed(reader, { market: filter.market });
  const conditions = new Conditions()
    .add('market = ?', filter.market)
    .add('merge_rule_id = ?', filter.mergeRuleId)
    .add("definition -> 'packages' @> to_jsonb(?::text)", filter.package);
  const keyOf = (row: MergeRuleView) => [row.ruleNo];
  return readPage<MergeRuleView>(
    reader,
    { list: 'merge rules', select: MERGE_RULES, conditions, key: [['rule_no', 'integer']], keyOf },
    filter,
  );
}
