import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { CONTRACT_COLUMNS } from './contract-lines.ts';
import { integer, integers, text } from './sql-literal.ts';

type Range = { readonly accountFrom: number; readonly accountTo: number };
type After = readonly [accountId: number, contractId: number] | undefined;

const contractsOf = (ledgerDate: BusinessDate, billingRunIds: readonly number[]): string =>
  `c.ledger_date = ${text(ledgerDate)} AND c.billing_run_id IN ${integers(billingRunIds)}`;

const inRange = ({ accountFrom, accountTo }: Range, after: After): string =>
  `c.account_id BETWEEN ${integer(accountFrom)} AND ${integer(accountTo)}` +
  (after === undefined
    ? ''
    : ` AND (c.account_id, c.contract_id) > (${integer(after[0])}, ${integer(after[1])})`);

export const contractsPerAccount = (
  ledgerDate: BusinessDate,
  billingRunIds: readonly number[],
): string =>
  `SELECT c.account_id, count(*) AS n FROM contracts c
   WHERE ${contractsOf(ledgerDate, billingRunIds)} GROUP BY c.account_id`;

/** The contracts of these billing runs, by account and contract; `more`: further columns. */
export const contractsToPost = (
  ledgerDate: BusinessDate,
  billingRunIds: readonly number[],
  range: Range,
  after: After,
  more: readonly string[] = [],
): string =>
  `SELECT ${[CONTRACT_COLUMNS, ...more].join(', ')} FROM contracts c
   WHERE ${contractsOf(ledgerDate, billingRunIds)} AND ${inRange(range, after)}
   ORDER BY c.account_id, c.contract_id`;

/** What a settlement run settles, frozen when it opened. */
export interface SettlementInputs {
  /** Legs due after this ledger date, up to the run's own; null on the first ledger date. */
  readonly dueAfter: BusinessDate | null;
  /** Posted contracts of this very date settle as soon as they are due, even in the past. */
  readonly billingRunIds: readonly number[];
}

export interface SettlementScope {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly inputs: SettlementInputs;
}

/**
 * Contracts that may have a due leg, each once. Those of earlier ledger dates fell due after the
 * former ledger date, since each ledger date settles all that is due by then: so their part of the
 * due index is short however many contracts there are.
 */
function candidates({ ledgerDate, flow, inputs }: SettlementScope): string {
  const today = text(ledgerDate);
  const own = `c.ledger_date = ${today} AND c.billing_run_id IN ${integers(inputs.billingRunIds)}`;
  const earlier = `c.ledger_date < ${today} AND c.flow = ${text(flow)} AND EXISTS (
      SELECT 1 FROM step_runs r WHERE r.step_run_id = c.billing_run_id
        AND r.status = 'SUCCEEDED' AND r.discarded_at IS NULL)`;
  const isNew = (leg: 'cash' | 'securities'): string =>
    inputs.dueAfter === null ? '' : `AND c.${leg}_due_date > ${text(inputs.dueAfter)}`;
  const apart = 'c.securities_due_date <> c.cash_due_date';
  const securitiesOnly = `c.securities_due_date <= ${today} AND ${apart}`;
  return `SELECT c.* FROM contracts c WHERE c.cash_due_date <= ${today} AND ${own}
    UNION ALL SELECT c.* FROM contracts c
      WHERE ${securitiesOnly} AND c.cash_due_date > ${today} AND ${own}
    UNION ALL SELECT c.* FROM contracts c
      WHERE c.cash_due_date <= ${today} ${isNew('cash')} AND ${earlier}
    UNION ALL SELECT c.* FROM contracts c
      WHERE ${securitiesOnly} ${isNew('securities')} AND ${earlier}
        AND NOT (c.cash_due_date <= ${today} ${isNew('cash')})`;
}

/**
 * Contracts with a leg that is due and not settled; two last columns say which: cash, securities.
 */
export function dueContracts(scope: SettlementScope, columns: string): string {
  const { ledgerDate, inputs } = scope;
  const today = text(ledgerDate);
  // What fell due since the former ledger date cannot have been settled before today.
  const since = inputs.dueAfter === null ? 'c.ledger_date' : today;
  const isDue = (leg: 'cash' | 'securities'): string =>
    `s.${leg}_open AND c.${leg}_due_date <= ${today}` +
    (inputs.dueAfter === null
      ? ''
      : ` AND (c.ledger_date = ${today} OR c.${leg}_due_date > ${text(inputs.dueAfter)})`);
  return `SELECT ${columns} FROM (
      SELECT c.*, ${isDue('cash')} AS settles_cash, ${isDue('securities')} AS settles_securities
      FROM (${candidates(scope)}) c
      CROSS JOIN LATERAL (
        SELECT
          count(*) FILTER (WHERE kind = 'cashSettlement')
            <= count(*) FILTER (WHERE kind = 'cashSettlementReversal') AS cash_open,
          count(*) FILTER (WHERE kind = 'securitiesSettlement')
            <= count(*) FILTER (WHERE kind = 'securitiesSettlementReversal') AS securities_open
        FROM journals j WHERE j.source_id = c.contract_id AND j.source_kind = 'contract'
          AND j.ledger_date BETWEEN ${since} AND ${today}
      ) s
    ) c WHERE (settles_cash OR settles_securities)`;
}

export const dueContractsInRange = (
  scope: Parameters<typeof dueContracts>[0],
  range: Range,
  after: After,
): string =>
  `${dueContracts(scope, `${CONTRACT_COLUMNS}, settles_cash, settles_securities`)}
   AND ${inRange(range, after)} ORDER BY c.account_id, c.contract_id`;
