import type pg from 'pg';
import type { Finding } from '../../domain/audit/finding.ts';

/** Tables whose rows are copied into an event by each change, with their key. */
const COVERED = {
  commands: ['command_id'],
  tickets: ['ticket_id'],
  ticket_decisions: ['decision_id'],
  ticket_flows: ['ticket_key', 'version'],
  daily_roots: ['root_no'],
  setting_versions: ['setting', 'version'],
  manual_passes: ['ledger_date', 'flow', 'kind', 'item', 'evidence_hash'],
  fee_rules: ['rule_id'],
  fee_scenarios: ['scenario_id', 'version'],
  agent_fee_rules: ['rule_id'],
  default_packages: ['market', 'account_kind', 'version'],
  merge_rules: ['rule_no'],
  fx_rates: ['rate_id'],
  account_fee_schedules: ['account_id', 'market', 'effective_from'],
  fee_codes: ['fee_code_id'],
  stamp_duty_edits: ['edit_no'],
  people: ['person_id'],
  sign_in_accounts: ['account'],
  person_roles: ['person_id', 'role'],
  role_permissions: ['role', 'code'],
  readiness_items: ['item'],
  settlement_channels: ['settlement_channel'],
} as const;

interface Difference {
  readonly key: string;
  readonly hasRow: boolean;
  readonly hasEvent: boolean;
  readonly columns: string | null;
}

/**
 * The first row that is not what its newest event says; an event without `after` says that the row
 * was removed. Columns that a later release added are not in an older event and so not compared.
 */
function firstDifference(table: keyof typeof COVERED): string {
  const columns: readonly string[] = COVERED[table];
  const keyIn = (source: (column: string) => string): string =>
    `concat_ws(', ', ${columns.map((column) => `'${column} ' || (${source(column)})`).join(', ')})`;
  return `SELECT coalesce(r.key, e.key) AS key, r.key IS NOT NULL AS "hasRow",
      e.after IS NOT NULL AS "hasEvent", d.columns
    FROM (SELECT ${keyIn((column) => `t.${column}`)} AS key, to_jsonb(t) AS facts
      FROM ${table} t) r
    FULL JOIN (SELECT DISTINCT ON (key) key, after FROM (
        SELECT ${keyIn((column) => `coalesce(after, before) ->> '${column}'`)} AS key, event_id,
          after
        FROM audit_events WHERE covers = '${table}') all_of_them
      ORDER BY key, event_id DESC) e ON e.key = r.key
    CROSS JOIN LATERAL (SELECT string_agg(s.key, ', ') AS columns FROM jsonb_each(e.after) s
      WHERE r.facts::text IS DISTINCT FROM e.after::text
        AND s.value::text IS DISTINCT FROM (r.facts -> s.key)::text) d
    WHERE (r.key IS NULL) <> (e.after IS NULL) OR d.columns IS NOT NULL
    ORDER BY 1 LIMIT 1`;
}

function findingOf(table: string, row: Difference): Finding {
  const { key, hasRow, hasEvent, columns } = row;
  if (!hasRow) return { table, key, fault: 'missing', detail: 'an event says that it was written' };
  if (!hasEvent) return { table, key, fault: 'inserted', detail: 'no event says who wrote it' };
  const detail = `its newest event has other values of ${columns ?? 'it'}`;
  return { table, key, fault: 'changed', detail };
}

/** Compares the rows of commands, tickets, roots, people, settings and fees with their events. */
export async function verifyCoveredRows(
  client: pg.ClientBase,
): Promise<{ readonly rows: Readonly<Record<string, number>>; readonly findings: Finding[] }> {
  const counts: Record<string, number> = {};
  const findings: Finding[] = [];
  for (const table of Object.keys(COVERED) as (keyof typeof COVERED)[]) {
    const counted = await client.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
    counts[table] = counted.rows[0]?.n ?? 0;
    const { rows } = await client.query<Difference>(firstDifference(table));
    findings.push(...rows.map((row) => findingOf(table, row)));
  }
  return { rows: counts, findings };
}
