import type pg from 'pg';

/** A table that the proofs cover: its key, and its rows in the order in which they are checked. */
interface Covered {
  readonly key: readonly string[];
  readonly order: string;
  /** How a copied row becomes another one: column and SQL. */
  readonly fresh: Readonly<Record<string, string>>;
  /** Key columns that findings name, where they name fewer than all. */
  readonly named?: readonly string[];
}

const NEW_ID = '1 + (random() * 1e9)::bigint';
const byJournal = `(SELECT (step_run_id, account_id) FROM journals j
  WHERE j.ledger_date = t.ledger_date AND j.journal_id = t.journal_id)`;

export const COVERED: Readonly<Record<string, Covered>> = {
  audit_events: { key: ['event_id'], order: 'event_id', fresh: { event_id: NEW_ID } },
  audit_chain: {
    key: ['seq'],
    order: 'seq',
    fresh: { seq: '(SELECT max(seq) + 1 FROM audit_chain)', event_id: NEW_ID },
  },
  audit_head: { key: ['one'], order: 'one', fresh: {} },
  commands: {
    key: ['command_id'],
    order: 'command_id COLLATE "C"',
    fresh: { command_id: "'forged-' || random()" },
  },
  tickets: {
    key: ['ticket_id'],
    order: 'ticket_id COLLATE "C"',
    fresh: { ticket_id: "'forged-' || random()", seq: NEW_ID },
  },
  ticket_decisions: {
    key: ['decision_id'],
    order: 'decision_id::text COLLATE "C"',
    fresh: { decision_id: NEW_ID, request_id: "'forged-' || random()" },
  },
  ticket_flows: {
    key: ['ticket_key', 'version'],
    order: 'ticket_key COLLATE "C", version',
    fresh: { version: '1 + (random() * 1e6)::int' },
  },
  journals: {
    key: ['ledger_date', 'journal_id'],
    order: 'ledger_date, step_run_id, account_id, journal_id',
    fresh: { journal_id: NEW_ID, source_id: NEW_ID },
  },
  postings: {
    key: ['ledger_date', 'journal_id', 'line'],
    order: `ledger_date, ${byJournal}, journal_id, line`,
    fresh: { line: '30 + (random() * 100)::int' },
    named: ['ledger_date', 'journal_id'],
  },
  journal_seals: {
    key: ['ledger_date', 'step_run_id', 'shard', 'chunk'],
    order: 'ledger_date, step_run_id, shard, chunk',
    fresh: { chunk: '100 + (random() * 1e6)::int' },
  },
  setting_versions: {
    key: ['setting', 'version'],
    order: 'setting COLLATE "C", version',
    fresh: { version: '10 + (random() * 1e6)::int' },
  },
  manual_passes: {
    key: ['ledger_date', 'flow', 'kind', 'item', 'evidence_hash'],
    order: 'ledger_date, flow, kind, item COLLATE "C", evidence_hash COLLATE "C"',
    fresh: { evidence_hash: "'forged-' || random()", ticket_id: "'forged-' || random()" },
  },
  fee_rules: {
    key: ['rule_id'],
    order: 'rule_id::text COLLATE "C"',
    fresh: { rule_id: '100000 + (random() * 1e6)::int' },
  },
  account_fee_schedules: {
    key: ['account_id', 'market', 'effective_from'],
    order: 'account_id::text COLLATE "C", market COLLATE "C", effective_from',
    fresh: { effective_from: "'2100-01-01'::date + (random() * 1e5)::int" },
  },
  fee_codes: {
    key: ['fee_code_id'],
    order: 'fee_code_id::text COLLATE "C"',
    fresh: { fee_code_id: '1000 + (random() * 1e4)::int', fee_code: "'forged-' || random()" },
  },
  people: {
    key: ['person_id'],
    order: 'person_id COLLATE "C"',
    fresh: { person_id: "'forged-' || random()" },
  },
  sign_in_accounts: {
    key: ['account'],
    order: 'account COLLATE "C"',
    fresh: { account: "'forged-' || random()" },
  },
  person_roles: {
    key: ['person_id', 'role'],
    order: 'person_id COLLATE "C", role COLLATE "C"',
    fresh: { role: "'forged-' || random()" },
  },
  role_permissions: {
    key: ['role', 'code'],
    order: 'role COLLATE "C", code COLLATE "C"',
    fresh: { code: "'forged-' || random()" },
  },
  readiness_items: {
    key: ['item'],
    order: 'item COLLATE "C"',
    fresh: { item: "'forged-' || random()" },
  },
  settlement_channels: {
    key: ['settlement_channel'],
    order: 'settlement_channel COLLATE "C"',
    fresh: { settlement_channel: "'forged-' || random()" },
  },
  daily_roots: {
    key: ['root_no'],
    order: 'root_no',
    fresh: { root_no: '1 + (random() * 1e6)::int' },
  },
};

export const KINDS = ['change', 'delete', 'insert', 'swap', 'truncate'] as const;
export type Kind = (typeof KINDS)[number];

export interface Tamper {
  readonly table: string;
  readonly kind: Kind;
  readonly what: string;
  /** How findings may name the tampered rows: as they were, and as they are now. */
  readonly keys: readonly string[];
  /** For several rows of which each is bad: the one that has to be named. */
  readonly first: string | undefined;
}

type Row = Readonly<Record<string, unknown>>;
type Random = (below: number) => number;

/** Changes rows of a table as a superuser can who has switched the triggers off. */
export class Tamperer {
  private readonly client: pg.PoolClient;
  private readonly random: Random;
  private readonly columns = new Map<string, { name: string; type: string; nullable: boolean }[]>();

  constructor(client: pg.PoolClient, random: Random) {
    this.client = client;
    this.random = random;
  }

  /** Undefined when chance picked something that changes nothing or that no table would take. */
  async tamper(table: string, kind: Kind): Promise<Tamper | undefined> {
    const rows = await this.rowsOf(table);
    const row = rows[this.random(rows.length)];
    if (row === undefined) return undefined;
    switch (kind) {
      case 'change':
        return this.change(table, row);
      case 'delete':
        return this.remove(table, kind, [row]);
      case 'insert':
        return this.insert(table, row);
      case 'swap':
        return this.swap(table, row, rows[this.random(rows.length)] ?? row);
      case 'truncate':
        return this.remove(table, kind, rows.slice(-1 - this.random(rows.length)));
    }
  }

  private async rowsOf(table: string): Promise<Row[]> {
    const { rows } = await this.client.query<{ row: Row }>(
      `SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY ${COVERED[table]!.order}`,
    );
    return rows.map(({ row }) => row);
  }

  private async change(table: string, row: Row): Promise<Tamper | undefined> {
    const columns = await this.columnsOf(table);
    const { name, type, nullable } = columns[this.random(columns.length)]!;
    const values = [...changesOf(name, type, this.random), ...(nullable ? ['NULL'] : [])];
    const value = values[this.random(values.length)]!;
    const { rows } = await this.client.query<{ row: Row }>(
      `UPDATE ${table} t SET ${name} = ${value} WHERE ${whereIs(table)}
         AND ${name}::text IS DISTINCT FROM (${value})::text RETURNING to_jsonb(t) AS row`,
      [row],
    );
    const changed = rows[0]?.row;
    if (changed === undefined) return undefined;
    const keys = [keyOf(table, row), keyOf(table, changed)];
    return { table, kind: 'change', what: `${name} = ${value}`, keys, first: undefined };
  }

  private async remove(table: string, kind: Kind, rows: readonly Row[]): Promise<Tamper> {
    for (const row of rows) {
      await this.client.query(`DELETE FROM ${table} t WHERE ${whereIs(table)}`, [row]);
    }
    const keys = rows.map((row) => keyOf(table, row));
    return { table, kind, what: `${rows.length} rows`, keys, first: keys[0] };
  }

  private async insert(table: string, row: Row): Promise<Tamper | undefined> {
    const fresh = Object.entries(COVERED[table]!.fresh);
    if (fresh.length === 0) return undefined;
    const changes = fresh.map(([column, value]) => `'${column}', ${value}`).join(', ');
    const { rows } = await this.client.query<{ row: Row }>(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(null::${table},
         $1::jsonb || jsonb_build_object(${changes}))).* RETURNING to_jsonb(${table}) AS row`,
      [row],
    );
    const keys = rows.map((inserted) => keyOf(table, inserted.row));
    return { table, kind: 'insert', what: 'a copy under another key', keys, first: keys[0] };
  }

  /** What two rows say changes places; their keys stay. */
  private async swap(table: string, one: Row, other: Row): Promise<Tamper | undefined> {
    const { key } = COVERED[table]!;
    const withKeyOf = (row: Row, from: Row): Row => ({
      ...row,
      ...Object.fromEntries(key.map((column) => [column, from[column]])),
    });
    const swapped = [withKeyOf(one, other), withKeyOf(other, one)];
    if (JSON.stringify(swapped[0]) === JSON.stringify(other)) return undefined;
    await this.remove(table, 'swap', [one, other]);
    for (const row of swapped) {
      await this.client.query(
        `INSERT INTO ${table} SELECT (jsonb_populate_record(null::${table}, $1::jsonb)).*`,
        [row],
      );
    }
    const keys = [one, other].map((row) => keyOf(table, row));
    return { table, kind: 'swap', what: keys.join(' with '), keys, first: undefined };
  }

  private async columnsOf(table: string) {
    const known = this.columns.get(table);
    if (known) return known;
    const { rows } = await this.client.query<{ name: string; type: string; nullable: boolean }>(
      `SELECT column_name AS name, udt_name AS type, is_nullable = 'YES' AS nullable
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`,
      [table],
    );
    this.columns.set(table, rows);
    return rows;
  }
}

const whereIs = (table: string): string =>
  COVERED[table]!.key.map((column) => `t.${column}::text = $1::jsonb ->> '${column}'`).join(
    ' AND ',
  );

const keyOf = (table: string, row: Row): string => {
  const { named, key } = COVERED[table]!;
  return (named ?? key).map((column) => `${column} ${String(row[column])}`).join(', ');
};

/** Other values of a column, as SQL. */
function changesOf(name: string, type: string, random: Random): string[] {
  const hash = `decode(md5(random()::text) || md5(random()::text), 'hex')`;
  const changes: Readonly<Record<string, readonly string[]>> = {
    text: [`${name} || 'x'`, `left(${name}, -1)`, `upper(${name})`, `${name} || E'\\t'`, `''`],
    int2: [`${name} + 1`, `${name} - 1`, '0'],
    int4: [`${name} + 1`, `${name} - 1`, '0'],
    int8: [`${name} + 1`, `${name} - 1`, '0', `${name} + 1000000`],
    numeric: [`${name} + 0.01`, `-${name}`, `${name} * 10`, `${name} + 0.000`, 'trim_scale(1.5)'],
    date: [`${name} + 1`, `${name} - 1`],
    timestamptz: [`${name} + interval '1 microsecond'`, `${name} - interval '1 hour'`],
    _text: [`array_append(${name}, 'x')`, `ARRAY['nobody']`],
    bool: [`NOT ${name}`],
    jsonb: [`'{"forged": true}'`, `'[]'`, `'"text"'`, `coalesce(${name}, '{}') || '{"x": 1}'`],
    bytea: [
      `set_byte(${name}, ${random(20)}, get_byte(${name}, ${random(20)}) # ${1 + random(255)})`,
      `${name} || '\\x00'`,
      `substr(${name}, 2)`,
      hash,
    ],
  };
  return [...(changes[type] ?? [])];
}
