import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { rows, type Reader } from './rows.ts';

/** A filter that names something unknown is a mistake of the caller, not an empty list. */
const unknown = (field: string, message: string): ClearingError =>
  new ClearingError('BAD_REQUEST', {
    errors: [{ in: 'querystring', field: `/${field}`, message }],
  });

/** Undefined for an undefined number. Throws UNKNOWN_ACCOUNT. */
export async function accountIdOf(
  reader: Reader,
  accountNo: string | undefined,
): Promise<number | undefined> {
  if (accountNo === undefined) return undefined;
  const [row] = await rows<{ id: number }>(
    reader,
    'SELECT account_id AS id FROM accounts WHERE account_no = $1',
    [accountNo],
  );
  if (!row) throw new ClearingError('UNKNOWN_ACCOUNT', { accountNo });
  return row.id;
}

/** The asset id of a currency or an instrument. Throws BAD_REQUEST naming the filter. */
export async function assetIdOf(
  reader: Reader,
  code: string | undefined,
  field: 'currency' | 'instrumentId',
): Promise<number | undefined> {
  if (code === undefined) return undefined;
  const [row] = await rows<{ id: number }>(
    reader,
    'SELECT asset_id AS id FROM assets WHERE code = $1 AND kind = $2',
    [code, field === 'currency' ? 'CURRENCY' : 'INSTRUMENT'],
  );
  if (!row) throw unknown(field, 'is unknown');
  return row.id;
}

/** Throws BAD_REQUEST for a flow that this installation does not have. */
export async function assertFlow(reader: Reader, flow: string | undefined): Promise<void> {
  if (flow === undefined) return;
  const found = await rows(reader, 'SELECT 1 FROM flows WHERE flow = $1', [flow]);
  if (found.length === 0) throw unknown('flow', 'is unknown');
}

/** Throws BAD_REQUEST for a market that this installation does not have. */
export async function assertMarket(reader: Reader, market: string | undefined): Promise<void> {
  if (market === undefined) return;
  const found = await rows(reader, 'SELECT 1 FROM markets WHERE market = $1', [market]);
  if (found.length === 0) throw unknown('market', 'is unknown');
}

/** A list over every ledger date would have no bound: one of the filters must narrow it. */
export function assertNarrowed(filter: Readonly<Record<string, unknown>>): void {
  if (Object.values(filter).some((value) => value !== undefined)) return;
  const [first = '', ...others] = Object.keys(filter);
  const message = others.length === 0 ? 'missing' : `missing, or give ${others.join(' or ')}`;
  throw unknown(first, message);
}
