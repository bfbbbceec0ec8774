const INSTRUMENT_ID = /^[A-Z][A-Z0-9]{0,7}\/([A-Z]{2,8})\/[A-Za-z0-9.\-_]{1,32}$/;

/**
 * The market of an instrument id `TYPE/MARKET/CODE` (ST/HK/700), or undefined when the text has
 * another form. The market may still be unknown to the broker.
 */
export const marketOfInstrumentId = (instrumentId: string): string | undefined =>
  INSTRUMENT_ID.exec(instrumentId)?.[1];
