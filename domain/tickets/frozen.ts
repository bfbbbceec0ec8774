/**
 * JSON whose text depends on the values alone, not on the order in which keys were written: what
 * PostgreSQL gives back of a jsonb column reads the same as what went in.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === undefined) return 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
  return `{${fields.join(',')}}`;
}

/** Everything that a consent is given to. */
export interface Frozen {
  readonly ticketKey: string;
  readonly targetType: string;
  readonly targetId: string;
  readonly target: unknown;
  readonly targetVersion: string;
  readonly payload: unknown;
}

/** The text whose digest is a ticket's payload hash. */
export const frozenText = (ticket: Frozen): string =>
  canonicalJson([
    ticket.ticketKey,
    ticket.targetType,
    ticket.targetId,
    ticket.target,
    ticket.targetVersion,
    ticket.payload,
  ]);

type Facts = Readonly<Record<string, unknown>>;

/** Which facts of a target are no longer what they were, field by field. */
export function differenceOf(asked: Facts, now: Facts): Facts {
  const names = [...new Set([...Object.keys(asked), ...Object.keys(now)])].sort();
  return Object.fromEntries(
    names
      .filter((name) => canonicalJson(asked[name]) !== canonicalJson(now[name]))
      .map((name) => [name, { asked: asked[name] ?? null, now: now[name] ?? null }]),
  );
}
