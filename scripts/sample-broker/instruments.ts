import type { InstrumentType } from '../../domain/trades/trade.ts';

export interface SampleInstrument {
  readonly instrumentId: string;
  readonly market: 'HK' | 'US';
  readonly type: InstrumentType;
  readonly name: string;
  readonly currency: 'HKD' | 'USD';
  readonly lotSize: number;
  readonly stampDutyExempt: boolean;
  /** A price of December 2025, roughly, in thousandths (HKD) or hundredths of a cent (USD). */
  readonly basePrice: number;
}

type HongKongRow = readonly [
  code: string,
  name: string,
  lotSize: number,
  basePrice: number,
  type?: InstrumentType,
];

const HONG_KONG: readonly HongKongRow[] = [
  ['ST/HK/1', 'CKH Holdings', 500, 53_250],
  ['ST/HK/2', 'CLP Holdings', 500, 68_900],
  ['ST/HK/3', 'HK & China Gas', 1000, 7_170],
  ['ST/HK/5', 'HSBC Holdings', 400, 119_500],
  ['ST/HK/11', 'Hang Seng Bank', 100, 152_900],
  ['ST/HK/16', 'SHK Properties', 500, 96_350],
  ['ST/HK/27', 'Galaxy Entertainment', 1000, 39_460],
  ['ST/HK/66', 'MTR Corporation', 500, 30_280],
  ['ST/HK/175', 'Geely Auto', 1000, 17_250],
  ['ST/HK/267', 'CITIC', 1000, 12_110],
  ['ST/HK/386', 'Sinopec Corp', 2000, 4_520],
  ['ST/HK/388', 'HKEX', 100, 405_400],
  ['ST/HK/669', 'Techtronic', 500, 91_150],
  ['ST/HK/700', 'Tencent', 100, 613_500],
  ['ST/HK/762', 'China Unicom', 2000, 8_140],
  ['ST/HK/857', 'PetroChina', 2000, 8_330],
  ['ST/HK/883', 'CNOOC', 1000, 20_860],
  ['ST/HK/939', 'CCB', 1000, 7_650],
  ['ST/HK/941', 'China Mobile', 500, 83_500],
  ['ST/HK/981', 'SMIC', 500, 67_050],
  ['ST/HK/992', 'Lenovo', 2000, 9_520],
  ['ST/HK/1024', 'Kuaishou', 100, 64_250],
  ['ST/HK/1211', 'BYD Company', 500, 95_700],
  ['ST/HK/1299', 'AIA', 200, 80_600],
  ['ST/HK/1398', 'ICBC', 1000, 6_240],
  ['ST/HK/1810', 'Xiaomi', 200, 39_320],
  ['ST/HK/2020', 'ANTA Sports', 200, 80_950],
  ['ST/HK/2318', 'Ping An', 500, 65_300],
  ['ST/HK/2388', 'BOC Hong Kong', 500, 39_160],
  ['ST/HK/3690', 'Meituan', 100, 104_200],
  ['ST/HK/3988', 'Bank of China', 1000, 4_470],
  ['ST/HK/9618', 'JD.com', 50, 113_100],
  ['ST/HK/9888', 'Baidu', 50, 120_700],
  ['ST/HK/9988', 'Alibaba', 100, 146_800],
  ['ST/HK/9999', 'NetEase', 100, 214_200],
  ['ST/HK/8210', 'A small growth company', 8000, 138],
  ['ETF/HK/2800', 'Tracker Fund', 500, 26_020, 'ETF'],
  ['ETF/HK/2823', 'A50 China ETF', 500, 15_380, 'ETF'],
  ['ETF/HK/2828', 'HSCEI ETF', 200, 90_500, 'ETF'],
  ['ETF/HK/3033', 'Hang Seng TECH ETF', 200, 5_365, 'ETF'],
  ['ETF/HK/3067', 'TECH Index ETF', 100, 11_970, 'ETF'],
  ['ETF/HK/2819', 'HK Bond Index ETF', 100, 98_350, 'ETF_FI'],
  ['ETF/HK/3053', 'HKD Money Market ETF', 10, 1_135_500, 'ETF_FI'],
  ['ST/HK/823', 'Link REIT', 100, 35_140, 'REIT'],
  ['ST/HK/778', 'Fortune REIT', 1000, 4_870, 'REIT'],
  ['WT/HK/13579', 'Tencent call warrant', 10_000, 142, 'DERIVATIVE_WARRANT'],
  ['WT/HK/14286', 'HKEX put warrant', 10_000, 61, 'DERIVATIVE_WARRANT'],
  ['WT/HK/55312', 'HSI bull contract', 10_000, 79, 'CBBC'],
  ['WT/HK/62041', 'Alibaba bear contract', 10_000, 117, 'CBBC'],
  ['WT/HK/47518', 'HSI inline warrant', 10_000, 265, 'INLINE_WARRANT'],
];

/** An ordinary share that the exchange lists as exempt: trading-only, 4332 to 4338. */
const EXEMPT_SHARE: HongKongRow = ['ST/HK/4335', 'Trading-only share', 100, 271_400];

const UNITED_STATES: readonly (readonly [code: string, name: string, basePrice: number])[] = [
  ['ST/US/AAPL', 'Apple', 2_736_700],
  ['ST/US/AMD', 'AMD', 2_134_300],
  ['ST/US/AMZN', 'Amazon', 2_273_500],
  ['ST/US/BABA', 'Alibaba ADR', 1_493_100],
  ['ST/US/BAC', 'Bank of America', 552_700],
  ['ST/US/BRK.B', 'Berkshire Hathaway', 4_943_800],
  ['ST/US/DIS', 'Disney', 1_113_900],
  ['ST/US/F', 'Ford', 133_600],
  ['ST/US/FUTU', 'Futu ADR', 1_702_400],
  ['ST/US/GOOGL', 'Alphabet', 3_071_600],
  ['ST/US/INTC', 'Intel', 368_200],
  ['ST/US/JNJ', 'Johnson & Johnson', 2_063_700],
  ['ST/US/KO', 'Coca-Cola', 700_600],
  ['ST/US/META', 'Meta Platforms', 6_587_700],
  ['ST/US/MSFT', 'Microsoft', 4_859_200],
  ['ST/US/NIO', 'NIO ADR', 49_300],
  ['ST/US/NVDA', 'NVIDIA', 1_809_900],
  ['ST/US/PDD', 'PDD ADR', 1_074_500],
  ['ST/US/PLTR', 'Palantir', 1_933_800],
  ['ST/US/SIRI', 'Sirius XM', 212_500],
  ['ST/US/TSLA', 'Tesla', 4_812_000],
  ['ST/US/XOM', 'Exxon Mobil', 1_166_900],
  ['ETF/US/QQQ', 'Nasdaq 100 ETF', 6_174_500],
  ['ETF/US/SPY', 'S&P 500 ETF', 6_805_900],
  ['ETF/US/SGOV', '0-3 Month Treasury ETF', 1_005_800],
  ['ETF/US/TLT', '20+ Year Treasury ETF', 876_300],
];

const hongKong = (
  [code, name, lotSize, basePrice, type = 'EQUITY']: HongKongRow,
  stampDutyExempt: boolean,
): SampleInstrument => ({
  instrumentId: code,
  market: 'HK',
  type,
  name,
  currency: 'HKD',
  lotSize,
  stampDutyExempt,
  basePrice,
});

/**
 * Public codes with rounded prices; no feed and no client behind them. A fund of New York pays the
 * same regulatory lines as a share, so both are of the same type there.
 */
export const SAMPLE_INSTRUMENTS: readonly SampleInstrument[] = [
  ...HONG_KONG.map((row) => hongKong(row, false)),
  hongKong(EXEMPT_SHARE, true),
  ...UNITED_STATES.map(([code, name, basePrice]): SampleInstrument => ({
    instrumentId: code,
    market: 'US',
    type: 'US_EQUITY',
    name,
    currency: 'USD',
    lotSize: 1,
    stampDutyExempt: false,
    basePrice,
  })),
];

/** Digits behind the point of a market's prices. */
export const PRICE_PLACES = { HK: 3, US: 4 } as const;
