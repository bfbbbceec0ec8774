import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import {
  explainedFee,
  type FeeExplanation,
  type PricedContract,
  type PricedExecution,
  type StoredFee,
} from '../../domain/fees/fee-explanation.ts';
import { feeIdOf, parseFeeId } from '../../domain/fees/fee-id.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { Decimal, type DecimalString } from '../../domain/money/decimal.ts';
import { executionsOfContracts } from './fees.ts';
import { groupRows } from './group-rows.ts';
import { rows, type Reader } from './rows.ts';

/** As billing had it: the type of the instrument at the cutoff, the edits that its run could see. */
const CONTRACTS = `SELECT c.ledger_date AS "ledgerDate", c.contract_id AS "contractId",
    c.order_id AS "orderId", a.account_no AS "accountNo",
    i.instrument_id AS "instrumentId", coalesce(f.type, i.type) AS "instrumentType", c.market,
    c.schedule_id AS "scheduleId", c.side, c.trade_date AS "tradeDate",
    c.order_channel AS "orderChannel", c.stage, to_json(s) AS "stampDutyEdit"
  FROM contracts c
  JOIN ledger_dates d ON d.ledger_date = c.ledger_date
  JOIN accounts a ON a.account_id = c.account_id
  JOIN instruments i ON i.asset_id = c.asset_id
  LEFT JOIN front_office.instruments f ON f.instrument_id = i.instrument_id
    AND f.recorded_at <= d.cutoff_at AND (f.superseded_at IS NULL OR f.superseded_at > d.cutoff_at)
  LEFT JOIN step_runs r ON r.step_run_id = c.billing_run_id
  LEFT JOIN LATERAL (
    SELECT edit_no AS "editNo", exempt, effective_from AS "effectiveFrom",
      expires_on AS "expiresOn", editor, reason
    FROM stamp_duty_edits e WHERE e.instrument_id = i.instrument_id
      AND e.edit_no <= coalesce((r.inputs ->> 'maxStampDutyEditNo')::bigint, 0)
      AND c.trade_date BETWEEN e.effective_from AND e.expires_on
    ORDER BY e.edit_no DESC LIMIT 1) s ON true
  WHERE c.ledger_date = $1 AND c.contract_id = ANY($2)`;

const EXECUTIONS = `SELECT * FROM (${executionsOfContracts('= ANY($2)')}) x
  ORDER BY "contractId", "executionNo"`;

const FEES = `SELECT f.contract_id AS "contractId", f.line, k.fee_code AS "feeCode", k.payee,
    f.execution_no AS "executionNo", f.metric, f.exact_amount AS exact, f.clamp, f.amount, h.choice,
    m.before AS "monthBefore",
    coalesce(sum(f.amount) OVER (PARTITION BY f.contract_id ORDER BY f.line
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS "feesBefore"
  FROM fees f
  JOIN fee_codes k ON k.fee_code_id = f.fee_code_id
  JOIN fee_choices h ON h.choice_id = f.choice_id
  LEFT JOIN month_positions m ON m.ledger_date = f.ledger_date
    AND m.contract_id = f.contract_id AND m.line = f.line
  WHERE f.ledger_date = $1 AND f.contract_id = ANY($2) ORDER BY f.contract_id, f.line`;

const CONTRACT_IDS = `SELECT contract_id AS id FROM live_contracts
  WHERE ledger_date = $1 AND contract_id > $2 ORDER BY contract_id LIMIT $3`;

/** A fee row with what its explanation is made of. */
interface ExplainableFee {
  readonly fee: StoredFee;
  readonly contract: PricedContract;
}

type ContractRow = Omit<PricedContract, 'executions'>;
type FeeRow = Omit<StoredFee, 'totals'>;
type FillRow = PricedExecution & { readonly contractId: number };

const executionOf = (fill: FillRow): PricedExecution => {
  const { executionNo, executionId, orderId, orderPlace, emsOrderNo, quantity, price } = fill;
  return { executionNo, executionId, orderId, orderPlace, emsOrderNo, quantity, price };
};

async function explainableFees(
  reader: Reader,
  ledgerDate: BusinessDate,
  contractIds: readonly number[],
): Promise<ExplainableFee[]> {
  const found = await rows<ContractRow>(reader, CONTRACTS, [ledgerDate, contractIds]);
  const fills = await rows<FillRow>(reader, EXECUTIONS, [ledgerDate, contractIds]);
  const fillsOf = groupRows(fills, ({ contractId }) => contractId);
  const contracts = new Map(
    found.map((contract) => {
      const executions = fillsOf.get(contract.contractId)?.map(executionOf) ?? [];
      return [contract.contractId, { ...contract, executions }];
    }),
  );
  const fees = await rows<FeeRow>(reader, FEES, [ledgerDate, contractIds]);
  return [...groupRows(fees, ({ contractId }) => contractId)].flatMap(([contractId, own]) => {
    const contract = contracts.get(contractId);
    if (contract === undefined) return [];
    const totals = totalsOf(own);
    return own.map((fee) => ({ fee: { ...fee, totals }, contract }));
  });
}

function totalsOf(fees: readonly FeeRow[]): ReadonlyMap<string, DecimalString> {
  const totals = new Map<string, DecimalString>();
  for (const { feeCode, amount } of fees) {
    totals.set(feeCode, new Decimal(totals.get(feeCode) ?? 0).plus(amount).toString());
  }
  return totals;
}

/** Rules are never changed or deleted, so a rule that was read once stays what it is. */
async function rulesOf(
  reader: Reader,
  fees: readonly ExplainableFee[],
): Promise<ReadonlyMap<number, FeeRule>> {
  const choices = fees.map(({ fee }) => fee.choice);
  const ids = choices.flatMap(({ ruleId, losers }) => [ruleId, ...losers.map((l) => l.ruleId)]);
  const found = await rows<{ definition: FeeRule }>(
    reader,
    'SELECT definition FROM fee_rules WHERE rule_id = ANY($1)',
    [[...new Set(ids)]],
  );
  return new Map(found.map(({ definition }) => [definition.ruleId, definition]));
}

/** Throws NOT_FOUND for a fee that is not there. */
export async function readFeeExplanation(reader: Reader, feeId: string): Promise<FeeExplanation> {
  const { ledgerDate, contractId, line } = parseFeeId(feeId);
  const fees = await explainableFees(reader, ledgerDate, [contractId]);
  const found = fees.find(({ fee }) => fee.line === line);
  if (found === undefined) throw new ClearingError('NOT_FOUND', { feeId });
  return explainedFee(found.fee, found.contract, await rulesOf(reader, [found]));
}

/** A fee that follows from its rule, or why it does not. */
export type ExplainedOrNot =
  | { readonly explanation: FeeExplanation }
  | { readonly feeId: string; readonly feeCode: string; readonly fault: ClearingError };

const CONTRACTS_AT_A_TIME = 500;

/** Every fee of the contracts of a date that count, some hundred contracts at a time. */
export async function* feeExplanationsOf(
  reader: Reader,
  ledgerDate: BusinessDate,
): AsyncGenerator<readonly ExplainedOrNot[]> {
  for (let after = 0; ;) {
    const page = [ledgerDate, after, CONTRACTS_AT_A_TIME];
    const ids = (await rows<{ id: number }>(reader, CONTRACT_IDS, page)).map(({ id }) => id);
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
    const fees = await explainableFees(reader, ledgerDate, ids);
    const rules = await rulesOf(reader, fees);
    yield fees.map(({ fee, contract }) => {
      try {
        return { explanation: explainedFee(fee, contract, rules) };
      } catch (error) {
        if (!(error instanceof ClearingError)) throw error;
        const { contractId, line, feeCode } = fee;
        return { feeId: feeIdOf({ ledgerDate, contractId, line }), feeCode, fault: error };
      }
    });
  }
}
