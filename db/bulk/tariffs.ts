import { tariffCompiler } from '../../domain/fees/compile-tariff.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import type { TariffPlan } from '../../domain/fees/tariff-plan.ts';
import type { Db } from '../client.ts';
import { loadFeeRules, type FeeRuleVersion } from './billing-queries.ts';

/** Compiled tariffs of one version of the rules. */
export interface Tariffs {
  readonly compile: ReturnType<typeof tariffCompiler>;
  /** Plans by what an order has at hand; the billing of orders reads and fills it. */
  readonly plans: Map<string, TariffPlan>;
}

/** Tariffs that nobody else uses, and that are forgotten with whoever asked for them. */
export const tariffsOfRules = (rules: readonly FeeRule[]): Tariffs => ({
  compile: tariffCompiler(rules),
  plans: new Map(),
});

interface Known {
  readonly digest: string;
  readonly tariffs: Tariffs;
}

const KNOWN = new WeakMap<Db, Map<string, Known>>();

/**
 * The tariffs of a flow by its frozen rules. The shards of a process share them: compiling some
 * hundred plans again for each shard would cost more than a small shard's orders.
 */
export async function tariffsOf(db: Db, flow: string, frozen: FeeRuleVersion): Promise<Tariffs> {
  let flows = KNOWN.get(db);
  if (flows === undefined) KNOWN.set(db, (flows = new Map<string, Known>()));
  const known = flows.get(flow);
  if (known?.digest === frozen.digest) return known.tariffs;
  const tariffs = tariffsOfRules(await loadFeeRules(db.$client, flow, frozen));
  flows.set(flow, { digest: frozen.digest, tariffs });
  return tariffs;
}
