/** In the order of their COPY text, which is what the seals hash: the order never changes. */
export const JOURNAL_COLUMNS = [
  'ledger_date',
  'journal_id',
  'kind',
  'step_run_id',
  'generation',
  'flow',
  'source_kind',
  'source_id',
  'account_id',
  'value_date',
  'reverses_journal_id',
] as const;

export const POSTING_COLUMNS = [
  'ledger_date',
  'journal_id',
  'line',
  'ledger_account_id',
  'asset_id',
  'bucket',
  'settlement_date',
  'amount',
] as const;
