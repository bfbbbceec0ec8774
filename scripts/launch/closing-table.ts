/**
 * The closing table of a ledger date as the API gives it. Its sections are printed as they come: a
 * list of rows becomes a table, and what is added to the API shows here without another change.
 */
export type Closing = Readonly<Record<string, unknown>>;

type Row = Readonly<Record<string, unknown>>;

const NO = 'NO';
const ROWS_SHOWN = 40;
/** Sections with a row for each asset: the first ones show the kind, `--json` has all of them. */
const ROWS_SHOWN_OF: Readonly<Record<string, number>> = { trialBalance: 6, positions: 12 };
/** Said better by another column, or by all rows in the same way. */
const LEFT_OUT = new Set(['assetKind', 'startedAt', 'finishedAt']);
/** Columns whose digits are a name, not a number. */
const NAMES = /(id|no|code|instrument|account|asset|date)$/i;

/** One `ok: true` for each invariant, and at least one: an empty list proves nothing. */
export function invariantsHold(closing: Closing): boolean {
  const { invariants } = closing;
  return (
    Array.isArray(invariants) && invariants.length > 0 && invariants.every((each) => isOk(each))
  );
}

const isOk = (invariant: unknown): boolean => isRow(invariant) && invariant['ok'] === true;

export function renderClosing(closing: Closing): string[] {
  const lines: string[] = [];
  const facts: string[] = [];
  for (const [name, value] of Object.entries(closing)) {
    if (Array.isArray(value)) lines.push('', ...section(name, value));
    else if (isRow(value)) lines.push('', ...section(name, [value]));
    else if (value !== null) facts.push(`${titleOf(name)} ${text(value)}`);
  }
  return [facts.join(' · '), ...lines];
}

function section(name: string, values: readonly unknown[]): string[] {
  const title = titleOf(name);
  if (values.length === 0) return [title, '  none'];
  const rows = values.map((value) => (isRow(value) ? flat(value) : { value: text(value) }));
  const shown = rows.slice(0, ROWS_SHOWN_OF[name] ?? ROWS_SHOWN);
  const rest = rows.length - shown.length;
  return [title, ...table(shown), ...(rest > 0 ? [`  … and ${rest} more`] : [])];
}

/** Numbers to the right, so that their points stand below each other; texts to the left. */
function table(rows: readonly Readonly<Record<string, string>>[]): string[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter(
    (name) =>
      !LEFT_OUT.has(name) && !(name === 'discarded' && rows.every((row) => row[name] === NO)),
  );
  const cells = [
    columns.map(titleOf),
    ...rows.map((row) => columns.map((name) => row[name] ?? '')),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => (row[at] ?? '').length)));
  const isNumber = columns.map((name) => rows.every((row) => /^-?[\d,.]*$/.test(row[name] ?? '')));
  return cells.map((row) => {
    const padded = row.map((cell, at) =>
      isNumber[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
    );
    return `  ${padded.join('  ')}`.trimEnd();
  });
}

/** An object in a row spreads its columns; a list in a row is told by its text. */
function flat(row: Row, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const column = prefix === '' ? name : `${prefix} ${name}`;
      return isRow(value)
        ? Object.entries(flat(value, column))
        : [[column, NAMES.test(column) ? bare(value) : text(value)]];
    }),
  );
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const bare = (value: unknown): string => (typeof value === 'string' ? value : text(value));

function text(value: unknown): string {
  if (value === true) return 'yes';
  if (value === false) return NO;
  if (typeof value === 'number') return grouped(String(value));
  if (typeof value === 'string') return /^-?\d+(\.\d+)?$/.test(value) ? grouped(value) : value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

/** Thousands by commas, on the text: an amount never becomes a number. */
const grouped = (amount: string): string => amount.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');

/** `feesByCode` reads "Fees by code". */
function titleOf(name: string): string {
  const words = name
    .replace(/[_-]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
