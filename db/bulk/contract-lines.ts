import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { ContractFee, ContractToPost } from '../../domain/ledger/contract-postings.ts';
import { feeAccountCode } from '../../domain/ledger/house-accounts.ts';
import type { Side } from '../../domain/trades/trade.ts';
import { copyField, fromCopyField } from './copy-buffer.ts';
import type { HandPrices } from './hand-prices.ts';

/** What every query of contracts to be booked begins with; `contractOf` reads it. */
export const CONTRACT_COLUMNS = `c.contract_id, c.account_id, c.asset_id, c.side, c.currency,
  c.settlement_channel, c.quantity, c.gross_amount, c.net_amount, c.fee_totals,
  c.cash_settlement_date, c.securities_settlement_date`;
export const CONTRACT_COLUMN_COUNT = 12;

/** Where the amounts of a contract go; keys are as COPY writes them. */
export interface LedgerAccounts {
  readonly streetOf: ReadonlyMap<string, number>;
  readonly currencyAssetOf: ReadonlyMap<string, number>;
  readonly feeAccountOf: ReadonlyMap<string, number>;
}

export async function loadLedgerAccounts(client: pg.PoolClient): Promise<LedgerAccounts> {
  const channels = await client.query<{ channel: string; id: number }>(
    'SELECT settlement_channel AS channel, street_account_id AS id FROM settlement_channels',
  );
  const currencies = await client.query<{ code: string; id: number }>(
    "SELECT code, asset_id AS id FROM assets WHERE kind = 'CURRENCY'",
  );
  const codes = await client.query<{ id: number; feeCode: string }>(
    'SELECT fee_code_id AS id, fee_code AS "feeCode" FROM fee_codes',
  );
  const houses = await client.query<{ code: string; id: number }>(
    "SELECT code, ledger_account_id AS id FROM house_accounts WHERE kind = 'FEE'",
  );
  const houseOf = new Map(houses.rows.map(({ code, id }) => [code, id]));
  return {
    streetOf: new Map(channels.rows.map(({ channel, id }) => [copyField(channel), id])),
    currencyAssetOf: new Map(currencies.rows.map(({ code, id }) => [copyField(code), id])),
    feeAccountOf: new Map(
      codes.rows.flatMap(({ id, feeCode }) => {
        const account = houseOf.get(feeAccountCode(feeCode));
        return account === undefined ? [] : [[String(id), account] as const];
      }),
    ),
  };
}

/** Throws MARKET_RULE_MISSING; `rule` says what is missing for the key, a field of COPY. */
export function found(map: ReadonlyMap<string, number>, key: string, rule: string): number {
  const id = map.get(key);
  if (id === undefined) {
    throw new ClearingError('MARKET_RULE_MISSING', { rule, key: fromCopyField(key) });
  }
  return id;
}

/** `3:12.50 7:1.00` as fees with the house account of each code. */
function feesOf(text: string, accounts: LedgerAccounts): ContractFee[] {
  if (text === '') return [];
  return text.split(' ').map((part) => {
    const colon = part.indexOf(':');
    return {
      ledgerAccountId: found(accounts.feeAccountOf, part.slice(0, colon), 'house account of a fee'),
      amount: part.slice(colon + 1),
    };
  });
}

/** The line with what a person said in the place of what the rules gave, where somebody did. */
export function billedLine(f: string[], handPrices: HandPrices): readonly string[] {
  if (handPrices.size === 0) return f;
  const price = handPrices.get(f[0] ?? '');
  if (price === undefined) return f;
  f[8] = price.netAmount;
  f[9] = price.feeTotals;
  return f;
}

/**
 * The contract of a COPY line. Throws MARKET_RULE_MISSING when its channel, currency or a fee code
 * has no ledger account.
 */
export function contractOf(f: readonly string[], accounts: LedgerAccounts): ContractToPost {
  return {
    side: f[3] as Side,
    accountId: Number(f[1]),
    streetAccountId: found(accounts.streetOf, f[5] ?? '', 'street account of the channel'),
    currencyAssetId: found(accounts.currencyAssetOf, f[4] ?? '', 'currency'),
    instrumentAssetId: Number(f[2]),
    quantity: f[6] ?? '',
    grossAmount: f[7] ?? '',
    netAmount: f[8] ?? '',
    fees: feesOf(f[9] ?? '', accounts),
    cashSettlementDate: f[10] as BusinessDate,
    securitiesSettlementDate: f[11] as BusinessDate,
  };
}
