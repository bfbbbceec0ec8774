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
    readonly feeAmount: DecimalString;
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

const CONTRACTS = `SELECT flow, state, currency, count(*)::int AS count,
  ${inMoney('sum(gross_amount)')} AS "grossAmount", ${inMoney('sum(fee_amount)')} AS "feeAmount"
  FROM contract_states WHERE ledger_date = $1 GROUP BY flow, state, currency
  ORDER BY flow, state, currency`;

const EXCEPTIONS = `SELECT r.flow, t.reason, count(*)::int AS count
  FROM ${COUNTING_EXCEPTIONS} WHERE t.ledger_date = $1
  GROUP BY r.flow, t.reason ORDER BY r.flow, t.reason`;

const FEES = `SELECT k.fee_code AS "feeCode", f.currency, f.rows,
  ${inMoney('f.amount')} AS amount FROM (
    SELECT f.fee_code_id, c.currency, count(*)::int AS rows, sum(f.amount) AS amount
    FROM fees f JOIN live_contracts c
      ON c.ledger_date = f.ledger_date AND c.contract_id = f.contract_id
    WHERE f.ledger_date = $1 GROUP BY f.fee_code_id, c.currency) f
  JOIN fee_codes k ON k.fee_code_id = f.fee_code_id ORDER BY k.fee_code, f.currency`;

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
      exceptions: await of<Closing['exceptions'][number]>(EXCEPTIONS),
      fees: await of<Closing['fees'][number]>(FEES),
      journals: await of<Closing['journals'][number]>(JOURNALS),
      trialBalance: assetTotals(balance),
      cash: balance.filter(({ assetKind }) => assetKind === 'CURRENCY'),
      positions: balance.filter((row) => row.assetKind === 'INSTRUMENT' && row.holder === 'CLIENT'),
      steps: await of<Closing['steps'][number]>(STEPS),
      invariants: await readInvariants(client, ledgerDate, balance),
    };
  });
