import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { RunnableStep, StepRunStatus } from '../../domain/clearing/steps.ts';
import type { ContractState, JournalKind } from '../../domain/ledger/journal.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import type { Db } from '../client.ts';
import { inMoney } from './amounts.ts';
import { COUNTING_EXCEPTIONS } from './counting-exceptions.ts';
import { readInvariants, type Invariant } from './books-invariants.ts';
import { readLedgerDate } from './ledger-dates.ts';
import { readSnapshot, rows } from './rows.ts';
import {
  assetTotals,
  readTrialBalance,
  type AssetTotal,
  type TrialBalanceRow,
} from './trial-balance.ts';

/** What a ledger date came to, as PostgreSQL has it at one moment. */
export interface Closing {
  readonly ledgerDate: BusinessDate;
  readonly status: 'OPEN' | 'CUT';
  readonly contracts: readonly {
    readonly flow: string;
    readonly state: ContractState;
    readonly currency: string;
    readonly count: number;
    readonly grossAmount: DecimalString;
    /** What is billed, and what the rules gave. */
    readonly feeAmount: DecimalString;
    readonly calculateOutAmount: DecimalString;
    readonly handPriced: number;
  }[];
  /** Every hand price that stands, also one that waits for its contract to be billed again. */
  readonly handPrices: readonly {
    readonly flow: string;
    readonly orderId: string;
    readonly contractId: number;
    /** False while no contract of it counts. */
    readonly counts: boolean;
    readonly calculateOutAmount: DecimalString;
    readonly billAmount: DecimalString;
    readonly editor: string;
    readonly editedAt: string;
    readonly reason: string;
  }[];
  readonly exceptions: readonly {
    readonly flow: string;
    readonly reason: string;
    readonly count: number;
  }[];
  readonly fees: readonly {
    readonly feeCode: string;
    readonly currency: string;
    readonly rows: number;
    readonly amount: DecimalString;
    readonly calculateOutAmount: DecimalString;
  }[];
  /** What agents charge the house for the contracts that count; empty where nothing is. */
  readonly agentFees: readonly {
    readonly settlementChannel: string;
    readonly feeCode: string;
    readonly currency: string;
    readonly rows: number;
    readonly amount: DecimalString;
  }[];
  readonly journals: readonly {
    readonly flow: string;
    readonly kind: JournalKind;
    readonly journals: number;
    readonly postings: number;
  }[];
  /** Total of each asset over all accounts, as of the end of the date: zero. */
  readonly trialBalance: readonly AssetTotal[];
  /** Cash by currency and kind of holder. */
  readonly cash: readonly TrialBalanceRow[];
  /** Securities of clients by instrument. */
  readonly positions: readonly TrialBalanceRow[];
  readonly steps: readonly {
    readonly flow: string;
    readonly step: RunnableStep;
    readonly generation: number;
    readonly pass: number;
    readonly status: StepRunStatus;
    readonly startedAt: string;
    readonly finishedAt: string | null;
    readonly ms: number | null;
    readonly rowsDone: number;
    readonly discarded: boolean;
  }[];
  readonly invariants: readonly Invariant[];
}

const CONTRACTS = `SELECT c.flow, c.state, c.currency, count(*)::int AS count,
  ${inMoney('sum(c.gross_amount)')} AS "grossAmount",
  ${inMoney('sum(coalesce(h.fee_amount, c.fee_amount))')} AS "feeAmount",
  ${inMoney('sum(c.fee_amount)')} AS "calculateOutAmount", count(h.contract_id)::int AS "handPriced"
  FROM contract_states c
  LEFT JOIN hand_prices h ON h.ledger_date = c.ledger_date AND h.contract_id = c.contract_id
  WHERE c.ledger_date = $1 GROUP BY c.flow, c.state, c.currency
  ORDER BY c.flow, c.state, c.currency`;

const HAND_PRICES = `SELECT h.flow, h.order_id AS "orderId", h.contract_id AS "contractId",
  l.contract_id IS NOT NULL AS counts, c.fee_amount AS "calculateOutAmount",
  h.fee_amount AS "billAmount", h.editor, h.edited_at AS "editedAt", h.reason
  FROM (SELECT DISTINCT ON (hand_price_no) * FROM fee_edits WHERE ledger_date = $1
    ORDER BY hand_price_no, edit_no DESC) h
  JOIN contracts c ON c.ledger_date = h.ledger_date AND c.contract_id = h.contract_id
  LEFT JOIN live_contracts l ON l.ledger_date = h.ledger_date AND l.contract_id = h.contract_id
  WHERE h.fee_totals IS NOT NULL ORDER BY h.flow, h.order_id, h.contract_id`;

const EXCEPTIONS = `SELECT r.flow, t.reason, count(*)::int AS count
  FROM ${COUNTING_EXCEPTIONS} WHERE t.ledger_date = $1
  GROUP BY r.flow, t.reason ORDER BY r.flow, t.reason`;

const OF_HAND_PRICES = `hand_prices h JOIN live_contracts c
  ON c.ledger_date = h.ledger_date AND c.contract_id = h.contract_id`;

/** What the rules gave, and for contracts that are priced by hand what was said instead. */
const FEES = `SELECT k.fee_code AS "feeCode", f.currency, sum(f.rows)::int AS rows,
  ${inMoney('sum(f.priced + f.change)')} AS amount,
  ${inMoney('sum(f.priced)')} AS "calculateOutAmount" FROM (
    SELECT f.fee_code_id, c.currency, count(*) AS rows, sum(f.amount) AS priced, 0 AS change
    FROM fees f JOIN live_contracts c
      ON c.ledger_date = f.ledger_date AND c.contract_id = f.contract_id
    WHERE f.ledger_date = $1 GROUP BY f.fee_code_id, c.currency
    UNION ALL
    SELECT f.fee_code_id, c.currency, 0, 0, -f.amount FROM ${OF_HAND_PRICES}
    JOIN fees f ON f.ledger_date = c.ledger_date AND f.contract_id = c.contract_id
    WHERE h.ledger_date = $1
    UNION ALL
    SELECT split_part(part, ':', 1)::smallint, c.currency, 0, 0, split_part(part, ':', 2)::numeric
    FROM ${OF_HAND_PRICES}, unnest(string_to_array(h.fee_totals, ' ')) AS part
    WHERE h.ledger_date = $1) f
  JOIN fee_codes k ON k.fee_code_id = f.fee_code_id
  GROUP BY k.fee_code, f.currency ORDER BY k.fee_code, f.currency`;

const AGENT_FEES = `SELECT c.settlement_channel AS "settlementChannel", k.fee_code AS "feeCode",
  c.currency, count(*)::int AS rows, ${inMoney('sum(f.amount)')} AS amount
  FROM agent_fees f
  JOIN live_contracts c ON c.ledger_date = f.ledger_date AND c.contract_id = f.contract_id
  JOIN fee_codes k ON k.fee_code_id = f.fee_code_id
  WHERE f.ledger_date = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;

const JOURNALS = `SELECT j.flow, j.kind, count(*)::int AS journals,
  coalesce(sum(p.n), 0)::int AS postings
  FROM journals j LEFT JOIN (SELECT journal_id, count(*) AS n FROM postings
    WHERE ledger_date = $1 GROUP BY journal_id) p ON p.journal_id = j.journal_id
  WHERE j.ledger_date = $1 GROUP BY j.flow, j.kind ORDER BY j.flow, j.kind`;

const STEPS = `SELECT r.flow, r.step, r.generation, r.pass, r.status, r.started_at AS "startedAt",
  r.finished_at AS "finishedAt",
  round(extract(epoch FROM r.finished_at - r.started_at) * 1000)::int AS ms,
  (SELECT coalesce(sum(rows_done), 0)::bigint FROM step_shards s
    WHERE s.step_run_id = r.step_run_id) AS "rowsDone",
  r.discarded_at IS NOT NULL AS discarded
  FROM step_runs r WHERE r.ledger_date = $1 ORDER BY r.step_run_id`;

/** The closing table of a ledger date, with the invariants asked again. Throws NOT_FOUND. */
export const readClosing = (db: Db, ledgerDate: BusinessDate): Promise<Closing> =>
  readSnapshot(db, async ({ client }) => {
    const of = <T extends object>(text: string): Promise<T[]> =>
      rows<T>(client, text, [ledgerDate]);
    const { status } = await readLedgerDate(client, ledgerDate, new Date(0));
    const balance = await readTrialBalance(client, ledgerDate);
    return {
      ledgerDate,
      status,
      contracts: await of<Closing['contracts'][number]>(CONTRACTS),
      handPrices: await of<Closing['handPrices'][number]>(HAND_PRICES),
      exceptions: await of<Closing['exceptions'][number]>(EXCEPTIONS),
      fees: await of<Closing['fees'][number]>(FEES),
      agentFees: await of<Closing['agentFees'][number]>(AGENT_FEES),
      journals: await of<Closing['journals'][number]>(JOURNALS),
      trialBalance: assetTotals(balance),
      cash: balance.filter(({ assetKind }) => assetKind === 'CURRENCY'),
      positions: balance.filter((row) => row.assetKind === 'INSTRUMENT' && row.holder === 'CLIENT'),
      steps: await of<Closing['steps'][number]>(STEPS),
      invariants: await readInvariants(client, ledgerDate, balance),
    };
  });
