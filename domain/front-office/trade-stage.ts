import { hasGreyMarket, TRADE_STAGES, type TradeStage } from '../trades/trade.ts';
import { marketOfInstrumentId } from './instrument-id.ts';
import type { RowReader } from './row-reader.ts';

/** The stage of a trade; absent is NORMAL. A grey trade of a market without one is an error. */
export function readStage(reader: RowReader, instrumentId: string): TradeStage {
  const stage = reader.optionalOneOf('stage', TRADE_STAGES, 'NORMAL');
  const market = marketOfInstrumentId(instrumentId);
  if (stage === 'GREY' && market !== undefined && !hasGreyMarket(market)) {
    reader.refuse('stage', 'NOT_IN_ENUM', `${market} has no grey market.`);
  }
  return stage;
}
