import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FlowMode, ReadinessState } from '../../domain/clearing/steps.ts';
import { confirmTokenOf, dayCutRefusal } from '../../domain/clearing/day-cut-guard.ts';
import type { Refusal } from '../../domain/clearing/guards.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { Db } from '../client.ts';
import { loadFlowsOf } from '../flows.repository.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { readSnapshot, rows, type Reader } from './rows.ts';

export interface LedgerDateView {
  readonly ledgerDate: BusinessDate;
  readonly status: 'OPEN' | 'CUT';
  readonly cutoffAt: string;
  readonly cutoffReached: boolean;
  readonly openedAt: string;
  readonly cutAt: string | null;
  readonly flows: readonly {
    readonly flow: string;
    readonly name: string;
    readonly mode: FlowMode;
    readonly readiness: ReadinessState;
    readonly generation: number;
    readonly revision: number;
  }[];
}

const SELECT = `SELECT d.ledger_date AS "ledgerDate", d.status, d.cutoff_at AS "cutoffAt",
  d.opened_at AS "openedAt", d.cut_at AS "cutAt", coalesce(f.flows, '[]') AS flows
  FROM ledger_dates d LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('flow', x.flow, 'name', n.name, 'mode', x.mode,
      'readiness', x.readiness, 'generation', x.generation, 'revision', x.revision)
      ORDER BY n.position) AS flows
    FROM flow_days x JOIN flows n ON n.flow = x.flow
    WHERE x.ledger_date = d.ledger_date) f ON true`;

type Row = Omit<LedgerDateView, 'cutoffReached'>;

const viewOf =
  (now: Date) =>
  (row: Row): LedgerDateView => ({ ...row, cutoffReached: new Date(row.cutoffAt) <= now });

/** Newest first. */
export async function readLedgerDates(
  reader: Reader,
  request: PageRequest,
  now: Date,
): Promise<Page<LedgerDateView>> {
  const page = await readPage<Row>(
    reader,
    {
      list: 'ledger-dates',
      select: SELECT,
      conditions: new Conditions(),
      key: [['d.ledger_date', 'date']],
      direction: 'DESC',
      keyOf: (row) => [row.ledgerDate],
    },
    request,
  );
  return { ...page, items: page.items.map(viewOf(now)) };
}

/** Throws NOT_FOUND. `current` is the open date. */
export async function readLedgerDate(
  reader: Reader,
  ledgerDate: BusinessDate | 'current',
  now: Date,
): Promise<LedgerDateView> {
  const [row] =
    ledgerDate === 'current'
      ? await rows<Row>(reader, `${SELECT} WHERE d.status = 'OPEN'`)
      : await rows<Row>(reader, `${SELECT} WHERE d.ledger_date = $1`, [ledgerDate]);
  if (!row) throw new ClearingError('NOT_FOUND', { ledgerDate });
  return viewOf(now)(row);
}

export interface DayCutView {
  readonly ledgerDate: BusinessDate;
  readonly allowed: boolean;
  readonly blockers: readonly Refusal[];
  /** Fits the state that this view shows; the day is cut in that state or not at all. */
  readonly confirmToken: string;
}

/** What stands between now and the day cut. Throws NOT_FOUND for an unknown date. */
export const readDayCut = (db: Db, ledgerDate: BusinessDate): Promise<DayCutView> =>
  readSnapshot(db, async ({ tx, client }) => {
    const { status } = await readLedgerDate(client, ledgerDate, new Date(0));
    const flows = await loadFlowsOf(tx, ledgerDate);
    const confirmToken = confirmTokenOf(ledgerDate, flows);
    const refusal = dayCutRefusal({
      isOpenDate: status === 'OPEN',
      ledgerDate,
      flows,
      confirmToken,
      confirmTokenSeen: confirmToken,
    });
    return {
      ledgerDate,
      allowed: refusal === undefined,
      blockers: refusal ? [refusal] : [],
      confirmToken,
    };
  });
