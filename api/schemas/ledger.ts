import Type from 'typebox';
import { HOUSE_ACCOUNT_KINDS } from '../../domain/ledger/house-accounts.ts';
import { Amount, oneOf, shape } from './fields.ts';

export const AssetKind = oneOf(['CURRENCY', 'INSTRUMENT']);
export const Holder = oneOf(['CLIENT', ...HOUSE_ACCOUNT_KINDS]);

/** What all accounts of one kind hold of one asset. */
export const TrialBalanceLine = shape({
  asset: Type.String(),
  assetKind: AssetKind,
  holder: Holder,
  settled: Amount,
  unsettled: Amount,
  frozen: Amount,
  total: Amount,
});

/** Zero for every asset, or the books are wrong. */
export const AssetTotal = shape({ asset: Type.String(), assetKind: AssetKind, total: Amount });
