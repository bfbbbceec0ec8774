import Type from 'typebox';
import { Amount, oneOf, shape } from './fields.ts';

export const AssetKind = oneOf(['CURRENCY', 'INSTRUMENT']);
export const Holder = oneOf(['CLIENT', 'STREET', 'FEE', 'SUSPENSE', 'OPENING']);

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
