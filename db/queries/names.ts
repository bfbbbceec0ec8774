import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { rows, type Reader } from './rows.ts';

const badFilter = (field: string, message: string): ClearingError =>
  new ClearingError('BAD_REQUEST', {
    errors: [{ in: 'querystring', field: `/${field}`, message }],
  });

/** What an installation has a short list of: a filter with another word is a mistake. */
const LISTED = {
  flow: 'SELECT 1 FROM flows WHERE flow = $1',
  market: 'SELECT 1 FROM markets WHERE market = $1',
  settlementChannel: 'SELECT 1 FROM settlement_channels WHERE settlement_channel = $1',
  currency: `SELECT 1 FROM assets WHERE kind = 'CURRENCY' AND code = $1`,
} as const;
type Listed = keyof typeof LISTED;

/** Throws BAD_REQUEST for a flow, market, channel or currency that this installation does not have. */
export async function assertListed(
  reader: Reader,
  filter: { readonly [name in Listed]?: string | undefined },
): Promise<void> {
  for (const name of Object.keys(LISTED) as Listed[]) {
    const word = filter[name];
    if (word === undefined) continue;
    const found = await rows(reader, LISTED[name], [word]);
    if (found.length === 0) throw badFilter(name, 'is unknown');
  }
}

/**
 * Undefined for an undefined number. Null for one that nobody has: nothing in a column equals it,
 * so the list is empty.
 */
export async function accountIdOf(
  reader: Reader,
  accountNo: string | undefined,
): Promise<number | null | undefined> {
  if (accountNo === undefined) return undefined;
  const [row] = await rows<{ id: number }>(
    reader,
    'SELECT account_id AS id FROM accounts WHERE account_no = $1',
    [accountNo],
  );
  return row?.id ?? null;
}

/** The asset id of a currency or an instrument; undefined and null as for accounts. */
export async function assetIdOf(
  reader: Reader,
  kind: 'CURRENCY' | 'INSTRUMENT',
  code: string | undefined,
): Promise<number | null | undefined> {
  if (code === undefined) return undefined;
  const [row] = await rows<{ id: number }>(
    reader,
    'SELECT asset_id AS id FROM assets WHERE code = $1 AND kind = $2',
    [code, kind],
  );
  return row?.id ?? null;
}

/** A list over every ledger date would have no bound: one of the filters must narrow it. */
export function assertNarrowed(filter: Readonly<Record<string, unknown>>): void {
  if (Object.values(filter).some((value) => value !== undefined)) return;
  const [first = '', ...others] = Object.keys(filter);
  const message = others.length === 0 ? 'missing' : `missing, or give ${others.join(' or ')}`;
  throw badFilter(first, message);
}
