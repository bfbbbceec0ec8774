/** NO_OP keeps postings; UNDO posts exact reversals of every journal of the flow on the date. */
export const ASSET_ROLLBACKS = ['NO_OP', 'UNDO'] as const;
export type AssetRollback = (typeof ASSET_ROLLBACKS)[number];

/** NO_OP freezes the set of trades; ADD_TO_CLEARING lets supplements join the re-run. */
export const SUPPLEMENTS_OPTIONS = ['NO_OP', 'ADD_TO_CLEARING'] as const;
export type SupplementsOption = (typeof SUPPLEMENTS_OPTIONS)[number];
