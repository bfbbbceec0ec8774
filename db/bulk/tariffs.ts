import { tariffCompiler } from '../../domain/fees/compile-tariff.ts';
import type { FxBook } from '../../domain/fees/fx-rate.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { countedByMonth, type CountedByMonth } from '../../domain/fees/month-counters.ts';
import { namedInRules } from '../../domain/fees/named-in-rules.ts';
import type { TariffPlan } from '../../domain/fees/tariff-plan.ts';
import type { Db } from '../client.ts';
import type { Reader } from '../queries/rows.ts';
import { loadFxBook } from './fx-book.ts';
import { loadFeeRules, type FeeRuleVersion } from './billing-queries.ts';

/** Compiled tariffs of one version of the rules. */
export interface Tariffs {
  readonly compile: ReturnType<typeof tariffCompiler>;
  /** Plans by what an order has at hand; the billing of orders reads and fills it. */
  readonly plans: Map<string, TariffPlan>;
  /** The numbers of accounts that a rule names, by account id; orders of all others share plans. */
  readonly accountNoOf: ReadonlyMap<number, string>;
  /** Ids of instruments that a rule names. */
  readonly instrumentIds: ReadonlySet<string>;
  /** Only then plans differ by the stage of a trade. */
  readonly namesStages: boolean;
  readonly byMonth: CountedByMonth;
}

/** An account exists before a rule names it, and keeps its number. */
async function accountNumbers(
  client: Reader,
  accountNos: readonly string[],
): Promise<ReadonlyMap<number, string>> {
  if (accountNos.length === 0) return new Map();
  const { rows } = await client.query<{ accountId: number; accountNo: string }>(
    `SELECT account_id AS "accountId", account_no AS "accountNo" FROM accounts
     WHERE account_no = ANY($1::text[])`,
    [accountNos],
  );
  return new Map(rows.map(({ accountId, accountNo }) => [accountId, accountNo]));
}

/** Tariffs that nobody else uses, and that are forgotten with whoever asked for them. */
export async function tariffsOfRules(
  client: Reader,
  rules: readonly FeeRule[],
  fx: FxBook,
): Promise<Tariffs> {
  const named = namedInRules(rules);
  return {
    compile: tariffCompiler(rules, fx),
    plans: new Map(),
    accountNoOf: await accountNumbers(client, [...named.accountNos]),
    instrumentIds: named.instrumentIds,
    namesStages: named.stages,
    byMonth: countedByMonth(rules),
  };
}

interface Known {
  readonly version: string;
  readonly tariffs: Tariffs;
}

const KNOWN = new WeakMap<Db, Map<string, Known>>();

/**
 * The tariffs of a flow by its frozen rules and rates. The shards of a process share them:
 * compiling some hundred plans again for each would cost more than the orders of a small one.
 */
export async function tariffsOf(db: Db, flow: string, frozen: FeeRuleVersion): Promise<Tariffs> {
  let flows = KNOWN.get(db);
  if (flows === undefined) KNOWN.set(db, (flows = new Map<string, Known>()));
  const key = `${flow}/${frozen.party ?? 'client'}`;
  const known = flows.get(key);
  const version = versionOf(frozen);
  if (known?.version === version) return known.tariffs;
  const rules = await loadFeeRules(db.$client, flow, frozen);
  const fx = await loadFxBook(db.$client, flow, frozen);
  const tariffs = await tariffsOfRules(db.$client, rules, fx);
  flows.set(key, { version, tariffs });
  return tariffs;
}

/** Which rates count depends on the date; without any, two dates share what they compiled. */
const versionOf = ({ digest, maxRateId = 0, ledgerDate }: FeeRuleVersion): string =>
  maxRateId === 0 ? digest : `${digest} ${maxRateId} ${ledgerDate ?? ''}`;
