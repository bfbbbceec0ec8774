import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { AgentFee } from '../../domain/ledger/contract-postings.ts';
import { agentExpenseCode, agentPayableCode } from '../../domain/ledger/house-accounts.ts';
import { feeRuleVersion, type FeeRuleVersion } from './billing-queries.ts';
import { CONTRACT_COLUMN_COUNT, found } from './contract-lines.ts';
import { copyField, COPY_NULL } from './copy-buffer.ts';
import type { FlowDate } from './run-history.ts';

/** What a billing run freezes of agents: nothing while no agent charges anything in its flow. */
export async function agentRulesOf(
  client: pg.PoolClient,
  { flow, ledgerDate }: FlowDate,
): Promise<{ readonly agentRules?: FeeRuleVersion }> {
  const agentRules = await feeRuleVersion(client, flow, { ledgerDate, party: 'agent' });
  return agentRules.count === 0 ? {} : { agentRules };
}

/** What a billing run found that agents charge, by fee code. */
export async function agentTotals(
  client: pg.PoolClient,
  run: { readonly stepRunId: number; readonly ledgerDate: BusinessDate },
): Promise<{ readonly agentFeeRows: number; readonly agentFees: Record<string, string> }> {
  const { rows } = await client.query<{ code: string; n: number; amount: string }>(
    `SELECT k.fee_code AS code, count(*) AS n, sum(f.amount)::text AS amount
     FROM agent_fees f
     JOIN contracts c ON c.ledger_date = f.ledger_date AND c.contract_id = f.contract_id
     JOIN fee_codes k ON k.fee_code_id = f.fee_code_id
     WHERE f.ledger_date = $1 AND c.ledger_date = $1 AND c.billing_run_id = $2
     GROUP BY k.fee_code ORDER BY k.fee_code`,
    [run.ledgerDate, run.stepRunId],
  );
  return {
    agentFeeRows: rows.reduce((sum, { n }) => sum + n, 0),
    agentFees: Object.fromEntries(rows.map(({ code, amount }) => [code, amount])),
  };
}

/** `3:12.50 7:1.00`, what the agent of contract `c` charges by fee code id; null: nothing. */
export const AGENT_TOTALS = `(SELECT string_agg(a.fee_code_id || ':' || a.amount, ' '
    ORDER BY a.fee_code_id)
  FROM (SELECT fee_code_id, sum(amount) AS amount FROM agent_fees
    WHERE ledger_date = c.ledger_date AND contract_id = c.contract_id GROUP BY 1) a)`;

/** House accounts of agents; keys are as COPY writes them. */
export interface AgentAccounts {
  /** By fee code id. */
  readonly expenseOf: ReadonlyMap<string, number>;
  /** By settlement channel. */
  readonly payableOf: ReadonlyMap<string, number>;
}

export async function loadAgentAccounts(client: pg.PoolClient): Promise<AgentAccounts> {
  const houses = await client.query<{ code: string; id: number }>(
    `SELECT code, ledger_account_id AS id FROM house_accounts
     WHERE kind IN ('AGENT_EXPENSE', 'AGENT_PAYABLE')`,
  );
  const idOf = new Map(houses.rows.map(({ code, id }) => [code, id]));
  const codes = await client.query<{ key: number; code: string }>(
    'SELECT fee_code_id AS key, fee_code AS code FROM fee_codes',
  );
  const channels = await client.query<{ channel: string; street: string }>(
    `SELECT settlement_channel AS channel, h.code AS street FROM settlement_channels
     JOIN house_accounts h ON h.ledger_account_id = street_account_id`,
  );
  const known = (key: string, code: string): (readonly [string, number])[] => {
    const id = idOf.get(code);
    return id === undefined ? [] : [[key, id]];
  };
  return {
    expenseOf: new Map(
      codes.rows.flatMap(({ key, code }) => known(String(key), agentExpenseCode(code))),
    ),
    payableOf: new Map(
      channels.rows.flatMap(({ channel, street }) =>
        known(copyField(channel), agentPayableCode(street)),
      ),
    ),
  };
}

/**
 * What a line of contractsToPost with AGENT_TOTALS says that the agent charges. Throws
 * MARKET_RULE_MISSING when a fee code or channel has no account, which its first rule makes.
 */
export function agentFeesOf(f: readonly string[], accounts: AgentAccounts): readonly AgentFee[] {
  const totals = f[CONTRACT_COLUMN_COUNT] ?? COPY_NULL;
  if (totals === COPY_NULL) return [];
  return totals.split(' ').map((part) => {
    const [feeCodeId = '', amount = ''] = part.split(':');
    return {
      expenseAccountId: found(accounts.expenseOf, feeCodeId, 'expense account of an agent fee'),
      payableAccountId: found(accounts.payableOf, f[5] ?? '', 'payable account of an agent'),
      amount,
    };
  });
}
