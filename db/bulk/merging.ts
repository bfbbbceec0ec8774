import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { mergeKey, type OrderToMerge } from '../../domain/merging/merge-key.ts';
import { mergeRuleOn, type MergeRule } from '../../domain/merging/merge-rule.ts';
import { AccountSchedules } from './account-schedules.ts';
import type { MergingInputs, ScheduleRow } from './billing-queries.ts';
import type { FlowDate } from './run-history.ts';

/** Versions of a flow that a ledger date may see: a date that is billed again sees those of then. */
async function visibleRules(
  client: pg.PoolClient,
  of: FlowDate,
  upTo: MergingInputs | undefined,
): Promise<readonly (MergeRule & { readonly ruleNo: number })[]> {
  const { rows } = await client.query<{ ruleNo: number; definition: MergeRule }>(
    `SELECT rule_no AS "ruleNo", definition FROM merge_rules JOIN markets USING (market)
     WHERE flow = $1 AND known_from <= $2 AND ($3::integer IS NULL OR rule_no <= $3)
       AND ($4::text[] IS NULL OR merge_rule_id = ANY($4)) ORDER BY rule_no`,
    [of.flow, of.ledgerDate, upTo?.maxRuleNo ?? null, upTo?.mergeRuleIds ?? null],
  );
  return rows.map(({ ruleNo, definition }) => ({ ...definition, ruleNo }));
}

/** Undefined where no order of the snapshots can be merged: then billing does nothing for it. */
export async function mergingInputs(
  client: pg.PoolClient,
  of: FlowDate,
  syncRunIds: readonly number[],
): Promise<MergingInputs | undefined> {
  const rules = await visibleRules(client, of, undefined);
  if (rules.length === 0) return undefined;
  const { rows } = await client.query<{ first: BusinessDate | null; last: BusinessDate | null }>(
    `SELECT min(trade_date) AS first, max(trade_date) AS last FROM orders
     WHERE ledger_date = $1 AND sync_run_id = ANY($2) AND source = 'FRONT_OFFICE'`,
    [of.ledgerDate, syncRunIds],
  );
  const { first, last } = rows[0] ?? { first: null, last: null };
  if (first === null || last === null) return undefined;
  // A version that is in force on some of the days is so on the first, or on its own first day.
  const days = [first, ...rules.map(({ effectiveFrom }) => effectiveFrom)].filter(
    (day) => first <= day && day <= last,
  );
  const mergeRuleIds = [...new Set(rules.map(({ mergeRuleId }) => mergeRuleId))].filter((id) => {
    const versions = rules.filter(({ mergeRuleId }) => mergeRuleId === id);
    return days.some((day) => mergeRuleOn(versions, day)?.merge === true);
  });
  if (mergeRuleIds.length === 0) return undefined;
  return { maxRuleNo: Math.max(...rules.map(({ ruleNo }) => ruleNo)), mergeRuleIds };
}

/** Which orders share a contract, by the packages of their accounts and the rules of these. */
export class Merging {
  private readonly versions = new Map<string, MergeRule[]>();
  private readonly schedules: AccountSchedules;
  private readonly known = new Map<string, MergeRule | undefined>();

  constructor(rules: readonly MergeRule[], schedules: readonly ScheduleRow[]) {
    for (const rule of rules) {
      const versions = this.versions.get(rule.mergeRuleId);
      if (versions) versions.push(rule);
      else this.versions.set(rule.mergeRuleId, [rule]);
    }
    this.schedules = new AccountSchedules(schedules);
  }

  /** The accounts, of those with a schedule, some of whose orders may be merged. */
  accounts(): number[] {
    const all = [...this.versions.values()].flat();
    const named = new Set(
      all.flatMap(({ market, packages }) => packages.map((each) => `${market}|${each}`)),
    );
    return this.schedules.accountsWith((row) => named.has(`${row.market}|${row.scheduleId}`));
  }

  /** Equal for orders of one contract; null: a contract of its own. */
  keyOf(order: OrderToMerge & { readonly market: string }): string | null {
    const { accountId, market, tradeDate } = order;
    const scheduleId = this.schedules.scheduleOf(accountId, market, tradeDate);
    const rule = scheduleId && this.ruleOf(market, scheduleId, tradeDate);
    return rule ? mergeKey(order, rule) : null;
  }

  private ruleOf(
    market: string,
    scheduleId: string,
    tradeDate: BusinessDate,
  ): MergeRule | undefined {
    const key = `${market}|${scheduleId}|${tradeDate}`;
    if (!this.known.has(key)) {
      const rule = [...this.versions.values()]
        .flatMap((versions) => mergeRuleOn(versions, tradeDate) ?? [])
        .find((each) => each.market === market && each.packages.includes(scheduleId));
      this.known.set(key, rule);
    }
    return this.known.get(key);
  }
}

/** Undefined where nothing is merged. */
export async function loadMerging(
  client: pg.PoolClient,
  of: FlowDate,
  inputs: MergingInputs | undefined,
  schedules: readonly ScheduleRow[],
): Promise<Merging | undefined> {
  if (inputs === undefined) return undefined;
  return new Merging(await visibleRules(client, of, inputs), schedules);
}
