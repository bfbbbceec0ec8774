import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { groupCases, type CaseGroup, type TradeCase } from '../domain/fees/fee-cases.ts';
import type { FeeRule } from '../domain/fees/fee-rule.ts';
import { placeOf } from '../domain/fees/rule-family.ts';
import { byPrecedence } from '../domain/fees/rule-precedence.ts';
import type { FeeChoice, TariffPlan } from '../domain/fees/tariff-plan.ts';
import { hasGreyMarket, TRADE_STAGES } from '../domain/trades/trade.ts';
import type { InstrumentRow } from './bulk/billing-queries.ts';
import { openFeeDesk, type FeeDesk } from './bulk/fee-desk.ts';
import type { ClearingMarket } from './calendars.repository.ts';
import type { Db } from './client.ts';
import { groupRows } from './queries/group-rows.ts';
import { accountIdOf } from './queries/names.ts';
import { readSnapshot, rows } from './queries/rows.ts';

/** 下单渠道 0–9. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** A rule as it would be applied; an exempt trade has the waiver. */
export type AppliedRule = Omit<FeeChoice, 'losers'>;

export interface FinalFee {
  readonly feeCode: string;
  /** Kinds of trade that differ, and the rule that prices each; no group = no such fee. */
  readonly applies: readonly CaseGroup<AppliedRule>[];
  /** Rules with conditions that are in force, one of each place, whether or not one of the groups shows them. */
  readonly special: readonly FeeRule[];
}

export interface MarketFees {
  readonly market: string;
  readonly currency: string;
  readonly scheduleId: string | null;
  /** Why billing would refuse a trade of this market; null = it would price it. */
  readonly refusal: { readonly code: string; readonly details: Record<string, unknown> } | null;
  readonly fees: readonly FinalFee[];
}

export interface FinalFees {
  readonly accountNo: string;
  readonly tradeDate: BusinessDate;
  readonly policyVersion: number;
  readonly markets: readonly MarketFees[];
}

export interface FinalFeesRequest {
  readonly accountNo: string;
  readonly tradeDate: BusinessDate;
  readonly policyVersion: number | undefined;
}

/**
 * What applies to an account on a trade date, by market and fee code: billing's own choice of plan,
 * asked for every kind of trade. Throws NOT_FOUND for an unknown account.
 */
export const readFinalFees = (db: Db, request: FinalFeesRequest): Promise<FinalFees> =>
  readSnapshot(db, async (t) => {
    const { accountNo, tradeDate, policyVersion } = request;
    const accountId = await accountIdOf(t.client, accountNo);
    if (typeof accountId !== 'number') throw new ClearingError('NOT_FOUND', { accountNo });
    const flows = await rows<{ flow: string }>(
      t.client,
      'SELECT DISTINCT flow, position FROM flows JOIN markets USING (flow) ORDER BY position',
    );
    const types = await rows<{ market: string; type: string }>(
      t.client,
      'SELECT DISTINCT market, type FROM instruments ORDER BY 1, 2',
    );
    const markets: MarketFees[] = [];
    let newest = 0;
    for (const { flow } of flows) {
      const scope = {
        flow,
        accountIds: [accountId],
        instrumentIds: [],
        day: tradeDate,
        policyVersion,
      };
      const desk = await openFeeDesk(t, scope);
      newest = Math.max(newest, desk.policyVersion);
      for (const market of desk.markets) {
        const listed = types.filter((row) => row.market === market.market).map((row) => row.type);
        markets.push(feesOf(desk, market, { accountId, accountNo, tradeDate, listed }));
      }
    }
    return { accountNo, tradeDate, policyVersion: newest, markets };
  });

function feesOf(
  desk: FeeDesk,
  { market, currency }: ClearingMarket,
  of: {
    readonly accountId: number;
    readonly accountNo: string;
    readonly tradeDate: BusinessDate;
    /** Types of the market that there are instruments of. */
    readonly listed: readonly string[];
  },
): MarketFees {
  const { accountId, accountNo, tradeDate } = of;
  const rules = desk.rules.filter((rule) => rule.market === market);
  const instrumentTypes = [
    ...new Set([...of.listed, ...rules.flatMap((rule) => rule.instrumentTypes ?? [])]),
  ];
  const stages = TRADE_STAGES.filter((stage) => stage === 'NORMAL' || hasGreyMarket(market));
  const instrumentOf = (type: string): InstrumentRow => ({
    ...{ assetId: 0, instrumentId: '', stampDutyExempt: false, kind: `${market}|${type}` },
    ...{ market, type, currency },
  });
  try {
    const planOf = ({ instrumentType, side, channel, stage }: TradeCase): TariffPlan =>
      desk.plans.planOf(
        { accountId, market, side, tradeDate, channel, stage },
        instrumentOf(instrumentType),
      );
    const any = { instrumentType: instrumentTypes[0] ?? '', side: 'BUY', channel: 0 } as const;
    const { scheduleId } = planOf({ ...any, stage: 'NORMAL' }).query;
    const mine = rules.filter(
      (rule) =>
        [scheduleId, null].includes(rule.scheduleId) &&
        [accountNo, undefined].includes(rule.accountNo),
    );
    const codes = [...new Set(mine.map((rule) => rule.feeCode))];
    const fees = codes.map((feeCode): FinalFee => ({
      feeCode,
      applies: groupCases({ instrumentTypes, channels: CHANNELS, stages }, (trade) =>
        appliedRule(planOf(trade), feeCode),
      ),
      special: specialOn(
        mine.filter((rule) => rule.feeCode === feeCode),
        tradeDate,
      ),
    }));
    const isThere = ({ applies, special }: FinalFee) => applies.length + special.length > 0;
    return { market, currency, scheduleId, refusal: null, fees: fees.filter(isThere) };
  } catch (error) {
    if (!(error instanceof ClearingError)) throw error;
    const { code, details } = error;
    return { market, currency, scheduleId: null, refusal: { code, details }, fees: [] };
  }
}

function appliedRule(plan: TariffPlan, feeCode: string): AppliedRule | null {
  const line = plan.lines.find((each) => each.feeCode === feeCode);
  if (line === undefined) return null;
  const applied = Object.entries(line.choice).filter(([name]) => name !== 'losers');
  return Object.fromEntries(applied) as unknown as AppliedRule;
}

/** Of each place the version that is in force, unless it ends the fee. */
function specialOn(rules: readonly FeeRule[], day: BusinessDate): readonly FeeRule[] {
  const open = rules.filter(
    ({ conditions, effectiveFrom, effectiveTo }) =>
      conditions !== undefined && effectiveFrom <= day && day <= (effectiveTo ?? day),
  );
  const versions = [...groupRows(open, placeOf).values()];
  const newest = versions.flatMap((each) => each.sort(byPrecedence)[0] ?? []);
  return newest.filter(({ withdrawn }) => withdrawn !== true);
}
