import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { FeeScenario } from '../../domain/fees/fee-scenario.ts';
import type { FxRate } from '../../domain/fees/fx-rate.ts';
import type { AccountKind } from '../../domain/trades/trade.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

/** By whom, through which ticket, and when. */
interface Origin {
  readonly addedBy: string;
  readonly approvedBy: readonly string[];
  readonly ticketId: string | null;
  readonly addedAt: string;
}

const ORIGIN = `added_by AS "addedBy", approved_by AS "approvedBy", ticket_id AS "ticketId",
  added_at AS "addedAt"`;

export interface FeeScenarioView extends Origin {
  readonly scenarioId: string;
  readonly version: number;
  readonly market: string;
  readonly feeCode: string;
  readonly effectiveFrom: BusinessDate;
  readonly definition: FeeScenario;
  /** Rules that this version issued. */
  readonly ruleCount: number;
}

const SCENARIOS = `SELECT scenario_id AS "scenarioId", s.version,
    s.definition ->> 'market' AS market, s.definition ->> 'feeCode' AS "feeCode",
    effective_from AS "effectiveFrom", s.definition, ${ORIGIN},
    (SELECT count(*) FROM fee_rules r WHERE r.market = s.definition ->> 'market'
      AND r.definition -> 'scenario' ->> 'scenarioId' = s.scenario_id
      AND (r.definition -> 'scenario' ->> 'version')::int = s.version) AS "ruleCount"
  FROM fee_scenarios s`;

export interface ScenarioFilter extends PageRequest {
  readonly market?: string | undefined;
  readonly scenarioId?: string | undefined;
}

/** Every version of every fee scenario. */
export async function readFeeScenarios(
  reader: Reader,
  filter: ScenarioFilter,
): Promise<Page<FeeScenarioView>> {
  await assertListed(reader, { market: filter.market });
  const conditions = new Conditions()
    .add(`s.definition ->> 'market' = ?`, filter.market)
    .add('scenario_id = ?', filter.scenarioId);
  const list = { list: 'fee scenarios', select: SCENARIOS, conditions };
  const key = [['scenario_id', 'text'] as const, ['s.version', 'integer'] as const];
  const keyOf = (row: FeeScenarioView) => [row.scenarioId, row.version];
  return readPage<FeeScenarioView>(reader, { ...list, key, keyOf }, filter);
}

export interface FeePackageView extends Origin {
  readonly market: string;
  readonly scheduleId: string;
  /** The first day of its earliest rule. */
  readonly effectiveFrom: BusinessDate;
  readonly ruleCount: number;
  /** Accounts that have it on the day that was asked about. */
  readonly accountCount: number;
}

/** The row of an account that counts on a day: of those that have begun, the latest. */
const onDay = (day: string): string => `SELECT DISTINCT ON (account_id, market) account_id, market,
    schedule_id, effective_from, effective_to, ticket_id
  FROM account_fee_schedules WHERE effective_from <= ${day}
  ORDER BY account_id, market, effective_from DESC`;
const notEnded = (day: string): string => `(effective_to IS NULL OR effective_to >= ${day})`;

/** A package begins with its first rule; who entered that one, entered the package. */
const PACKAGES = `SELECT p.market, p.schedule_id AS "scheduleId", p.first_day AS "effectiveFrom",
    p.rules AS "ruleCount", coalesce(a.accounts, 0) AS "accountCount", ${ORIGIN}
  FROM (SELECT market, schedule_id, min(effective_from) AS first_day, count(*) AS rules,
      min(rule_id) AS first_rule
    FROM fee_rules WHERE schedule_id IS NOT NULL GROUP BY market, schedule_id) p
  JOIN fee_rules r ON r.rule_id = p.first_rule
  LEFT JOIN (SELECT market, schedule_id, count(*) AS accounts
    FROM (${onDay('$1')}) s WHERE ${notEnded('$1')} GROUP BY market, schedule_id) a
    ON a.market = p.market AND a.schedule_id = p.schedule_id`;

export interface PackageFilter extends PageRequest {
  readonly market?: string | undefined;
  readonly tradeDate?: BusinessDate | undefined;
}

/** Every package, and how many accounts have it on a day; the open ledger date unless said. */
export async function readFeePackages(
  reader: Reader,
  filter: PackageFilter,
): Promise<Page<FeePackageView>> {
  await assertListed(reader, { market: filter.market });
  const day = await dayOf(reader, filter.tradeDate);
  const conditions = new Conditions().add('?::date IS NOT NULL', day);
  conditions.add('p.market = ?', filter.market);
  const list = { list: 'fee packages', select: PACKAGES, conditions };
  const key = [['p.market', 'text'] as const, ['p.schedule_id', 'text'] as const];
  const keyOf = (row: FeePackageView) => [row.market, row.scheduleId];
  return readPage<FeePackageView>(reader, { ...list, key, keyOf }, filter);
}

export interface PackageAccountView {
  readonly accountNo: string;
  readonly effectiveFrom: BusinessDate;
  readonly effectiveTo: BusinessDate | null;
  /** Null for a default at its opening, or the data that it was loaded with. */
  readonly ticketId: string | null;
}

const MEMBERS = `SELECT a.account_no AS "accountNo", s.effective_from AS "effectiveFrom",
    s.effective_to AS "effectiveTo", s.ticket_id AS "ticketId"
  FROM (${onDay('$1')}) s JOIN accounts a USING (account_id)`;

/** The accounts that have a package on a day. Throws NOT_FOUND for one that has no rule. */
export async function readPackageAccounts(
  reader: Reader,
  of: { readonly market: string; readonly scheduleId: string },
  filter: Omit<PackageFilter, 'market'>,
): Promise<Page<PackageAccountView>> {
  const { market, scheduleId } = of;
  const known = await rows(
    reader,
    'SELECT 1 FROM fee_rules WHERE market = $1 AND schedule_id = $2 LIMIT 1',
    [market, scheduleId],
  );
  if (known.length === 0) throw new ClearingError('NOT_FOUND', { market, scheduleId });
  const day = await dayOf(reader, filter.tradeDate);
  const conditions = new Conditions()
    .add(notEnded('?::date').replaceAll('effective_to', 's.effective_to'), day)
    .add('s.market = ?', market)
    .add('s.schedule_id = ?', scheduleId);
  const list = { list: `accounts of ${market}/${scheduleId}`, select: MEMBERS, conditions };
  const key = [['a.account_no', 'text'] as const];
  const keyOf = (row: PackageAccountView) => [row.accountNo];
  return readPage<PackageAccountView>(reader, { ...list, key, keyOf }, filter);
}

async function dayOf(reader: Reader, tradeDate: BusinessDate | undefined): Promise<BusinessDate> {
  if (tradeDate !== undefined) return tradeDate;
  const [open] = await rows<{ day: BusinessDate }>(
    reader,
    'SELECT max(ledger_date) AS day FROM ledger_dates',
  );
  if (open === undefined) throw new ClearingError('NOT_FOUND', { what: 'an open ledger date' });
  return open.day;
}

export interface DefaultPackageView extends Origin {
  readonly market: string;
  readonly accountKind: AccountKind;
  readonly version: number;
  readonly scheduleId: string | null;
  /** Whether it is what accounts get that come now. */
  readonly current: boolean;
}

const DEFAULTS = `SELECT market, account_kind AS "accountKind", version,
    schedule_id AS "scheduleId", ${ORIGIN},
    version = (SELECT max(version) FROM default_packages n
      WHERE n.market = d.market AND n.account_kind = d.account_kind) AS current
  FROM default_packages d`;

/** Every version of the default packages of new accounts. */
export async function readDefaultPackages(
  reader: Reader,
  filter: PageRequest & { readonly market?: string | undefined },
): Promise<Page<DefaultPackageView>> {
  await assertListed(reader, { market: filter.market });
  const conditions = new Conditions().add('market = ?', filter.market);
  const list = { list: 'default packages', select: DEFAULTS, conditions };
  const key = [
    ['market', 'text'],
    ['account_kind', 'text'],
    ['version', 'integer'],
  ] as const;
  const keyOf = (row: DefaultPackageView) => [row.market, row.accountKind, row.version];
  return readPage<DefaultPackageView>(reader, { ...list, key, keyOf }, filter);
}

export interface FxRateView extends FxRate, Origin {
  /** The ledger date that was open then: no earlier one is billed by it. */
  readonly knownFrom: BusinessDate;
}

const FX_RATES = `SELECT rate_id AS "rateId", from_currency AS "from", to_currency AS "to",
    trim_scale(rate)::text AS rate, valid_from AS "validFrom", version, source,
    known_from AS "knownFrom", ${ORIGIN}
  FROM fx_rates`;

export interface FxRateFilter extends PageRequest {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Every version of every exchange rate of fees, in the order in which they were added. */
export const readFxRates = (reader: Reader, filter: FxRateFilter): Promise<Page<FxRateView>> => {
  const conditions = new Conditions()
    .add('from_currency = ?', filter.from)
    .add('to_currency = ?', filter.to);
  const key = [['rate_id', 'integer'] as const];
  const keyOf = (row: FxRateView) => [row.rateId];
  const list = { list: 'exchange rates', select: FX_RATES, conditions };
  return readPage<FxRateView>(reader, { ...list, key, keyOf }, filter);
};
