import type { FlowRef } from '../../domain/clearing/flow-state.ts';
import type { ReadinessState } from '../../domain/clearing/steps.ts';
import type { Db } from '../client.ts';
import { loadFlow } from '../flows.repository.ts';
import { FIX_COLUMNS, joinFix, type FixView } from './fix-status.ts';
import { readSnapshot, rows } from './rows.ts';

export interface ReadinessItemView extends FixView {
  readonly item: string;
  readonly name: string;
  readonly nameZh: string;
  readonly guide: string;
  /** 0 tells, 1 blocks until passed, 2 blocks until true. */
  readonly severity: number;
  /** In truth; what was passed by hand says so beside it. */
  readonly passed: boolean;
  readonly evidenceHash: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ReadinessView extends FlowRef {
  readonly state: ReadinessState;
  /** Null before the first run. */
  readonly run: number | null;
  readonly ranAt: string | null;
  readonly commandId: string | null;
  readonly items: readonly ReadinessItemView[];
}

interface RunRow {
  readonly run: number;
  readonly ranAt: string;
  readonly commandId: string;
}

const NEWEST = `SELECT run, ran_at AS "ranAt", command_id AS "commandId" FROM readiness_results
  WHERE ledger_date = $1 AND flow = $2 ORDER BY run DESC LIMIT 1`;

const ITEMS = `SELECT r.item, r.severity, r.passed, r.details,
  r.evidence_hash AS "evidenceHash", ${FIX_COLUMNS}, coalesce(i.en, r.item) AS name,
  coalesce(i.zh_hans, r.item) AS "nameZh", coalesce(i.guide, '') AS guide
  FROM readiness_results r LEFT JOIN readiness_items i ON i.item = r.item
  ${joinFix({
    kind: 'readiness',
    ledgerDate: 'r.ledger_date',
    flow: 'r.flow',
    item: 'r.item',
    evidenceHash: 'r.evidence_hash',
    isFixable: 'NOT r.passed AND r.severity = 1',
  })}
  WHERE r.ledger_date = $1 AND r.flow = $2 AND r.run = $3
  ORDER BY r.severity DESC, r.item`;

/** The newest readiness run of a flow, item by item. Throws NOT_FOUND for an unknown flow. */
export const readReadiness = (db: Db, { ledgerDate, flow }: FlowRef): Promise<ReadinessView> =>
  readSnapshot(db, async ({ tx, client }) => {
    const { readiness: state } = await loadFlow(tx, { ledgerDate, flow });
    const [newest] = await rows<RunRow>(client, NEWEST, [ledgerDate, flow]);
    const ref = { ledgerDate, flow, state };
    if (!newest) return { ...ref, run: null, ranAt: null, commandId: null, items: [] };
    const items = await rows<ReadinessItemView>(client, ITEMS, [ledgerDate, flow, newest.run]);
    return { ...ref, ...newest, items };
  });
