import type { BusinessDate } from '../calendar/business-date.ts';
import type { TradeStage } from '../trades/trade.ts';
import type { FeeRule } from './fee-rule.ts';
import type { LosingReason } from './tariff-plan.ts';

/** What of a trade decides between rules. */
export interface ChoiceFacts {
  readonly market: string;
  readonly scheduleId: string;
  readonly instrumentType: string;
  readonly side: 'BUY' | 'SELL';
  readonly tradeDate: BusinessDate;
  readonly orderChannel: number;
  readonly stage: TradeStage;
}

/** A condition of the rule that won, and what the trade had to meet it with. */
export interface ConditionMet {
  readonly condition:
    'market' | 'schedule' | 'side' | 'instrumentType' | 'tradeDate' | 'channel' | 'stage';
  readonly asked: string;
  readonly found: string;
}

const anyOf = (words: readonly (string | number)[] | undefined): string =>
  words === undefined ? 'any' : words.join(', ');

const spanOf = ({ effectiveFrom, effectiveTo }: FeeRule): string =>
  `${effectiveFrom} to ${effectiveTo ?? 'open end'}`;

/** Every condition of a rule that priced this trade, in the order in which a person checks them. */
export function conditionsMet(rule: FeeRule, trade: ChoiceFacts): readonly ConditionMet[] {
  const schedule = rule.scheduleId ?? `every schedule of ${rule.market}`;
  const { channels, stages } = rule.conditions ?? {};
  return [
    { condition: 'market', asked: rule.market, found: trade.market },
    { condition: 'schedule', asked: schedule, found: trade.scheduleId },
    {
      condition: 'instrumentType',
      asked: anyOf(rule.instrumentTypes),
      found: trade.instrumentType,
    },
    { condition: 'side', asked: rule.sides, found: trade.side },
    { condition: 'tradeDate', asked: spanOf(rule), found: trade.tradeDate },
    { condition: 'channel', asked: anyOf(channels), found: String(trade.orderChannel) },
    { condition: 'stage', asked: anyOf(stages), found: trade.stage },
  ];
}

type Words = (loser: FeeRule, winner: FeeRule | undefined, trade: ChoiceFacts) => string;

const nameOf = (winner: FeeRule | undefined): string =>
  winner === undefined ? 'another rule' : `rule ${winner.ruleId}`;

const WORDS: Readonly<Record<LosingReason, Words>> = {
  'other-side': (loser, _, trade) =>
    `it applies to ${loser.sides} only, and this trade is a ${trade.side}`,
  'other-instrument-type': (loser, _, trade) =>
    `it applies to ${anyOf(loser.instrumentTypes)}, and the instrument is ${trade.instrumentType}`,
  'not-yet-in-force': (loser, _, trade) =>
    `it applies from ${loser.effectiveFrom} on, after the trade date ${trade.tradeDate}`,
  'no-longer-in-force': (loser, _, trade) =>
    `it ended on ${loser.effectiveTo ?? 'an earlier day'}, before the trade date ${trade.tradeDate}`,
  'channel-condition-not-met': (loser, _, trade) =>
    `it asks for order channel ${anyOf(loser.conditions?.channels)}, and the order counts as ` +
    `channel ${trade.orderChannel}`,
  'stage-condition-not-met': (loser, _, trade) =>
    `it asks for the stage ${anyOf(loser.conditions?.stages)}, and the trade is ${trade.stage}`,
  'instrument-condition-not-met': (loser) =>
    `it asks for ${anyOf(loser.conditions?.instruments)}, and this is another instrument`,
  'account-condition-not-met': (loser) =>
    `it asks for the accounts ${anyOf(loser.conditions?.accounts)}, and this is another one`,
  withdrawn: () => 'it was withdrawn',
  'ordinary-loses-to-special': (_, winner) =>
    `${nameOf(winner)} is special and its condition holds; it has none`,
  'package-loses-to-personal': (_, winner) =>
    `${nameOf(winner)} is personal to the account, which wins over its package`,
  'global-loses-to-personal': (_, winner) =>
    `${nameOf(winner)} is personal to the account, which wins over what everybody pays`,
  'global-loses-to-package': (_, winner) =>
    `${nameOf(winner)} belongs to the package of the account, which wins over what everybody pays`,
  'later-date-wins': (loser, winner) =>
    `${nameOf(winner)} is in force from a later day than ${loser.effectiveFrom} on`,
  'later-version-wins': (loser, winner) =>
    `${nameOf(winner)} begins on the same day, ${loser.effectiveFrom}, and is the later version`,
  'later-rule-wins': (loser, winner) =>
    `${nameOf(winner)} begins on the same day, ${loser.effectiveFrom}, and was entered later`,
};

/**
 * Why a rule lost, in a sentence without its subject. `winner` is undefined where no rule prices
 * the fee code.
 */
export const lossInWords = (
  reason: LosingReason,
  loser: FeeRule,
  winner: FeeRule | undefined,
  trade: ChoiceFacts,
): string => WORDS[reason](loser, winner, trade);
