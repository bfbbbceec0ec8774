/** The headers of the front office's CSV files; every column is there, even when empty. */
export const ORDER_COLUMNS = [
  'order_id',
  'version',
  'account_no',
  'instrument_id',
  'side',
  'order_channel',
  'settlement_channel',
  'quantity',
  'cancelled',
  'recorded_at',
] as const;

/** May follow the others, in this order; a file without one has no value in it. */
export const OPTIONAL_ORDER_COLUMNS = ['stage', 'ems_order_no'] as const;

export const EXECUTION_COLUMNS = [
  'execution_id',
  'version',
  'order_id',
  'trade_date',
  'quantity',
  'price',
  'cancelled',
  'executed_at',
  'recorded_at',
] as const;

/** order_id → orderId: a CSV column and the JSON field that says the same. */
export const fieldOfColumn = (column: string): string =>
  column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** orderId → order_id. */
export const columnOfField = (field: string): string =>
  field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
