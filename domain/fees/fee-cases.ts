import type { Side, TradeStage } from '../trades/trade.ts';

/** One kind of trade. */
export interface TradeCase {
  readonly instrumentType: string;
  readonly side: Side;
  readonly channel: number;
  readonly stage: TradeStage;
}

/** Kinds of trade of which the same is true; null = all that were asked about. */
export interface CaseGroup<T> {
  readonly instrumentTypes: readonly string[] | null;
  readonly side: Side | 'BOTH';
  readonly channels: readonly number[] | null;
  readonly stages: readonly TradeStage[] | null;
  readonly outcome: T;
}

export interface CaseSpace {
  readonly instrumentTypes: readonly string[];
  readonly channels: readonly number[];
  readonly stages: readonly TradeStage[];
}

interface Outcome<T> {
  readonly key: string;
  readonly outcome: T;
}

/**
 * Asks about every case and puts together what comes out the same, so that a person reads only the
 * differences that there are. Every case of the space is in exactly one group; `null` outcomes are
 * left out. Outcomes are the same when their JSON is.
 */
export function groupCases<T>(
  space: CaseSpace,
  outcomeOf: (trade: TradeCase) => T | null,
): readonly CaseGroup<T>[] {
  const { stages } = space;
  const ofEach = stages.flatMap((stage) =>
    groupsOfStage(space, (trade) => outcomeOf({ ...trade, stage })).map((group) => ({
      group,
      stage,
    })),
  );
  return groupBy(ofEach, ({ group }) => JSON.stringify(group)).map(([first, ...others]) => {
    const these = [first, ...others].map(({ stage }) => stage);
    const { outcome, ...of } = first.group;
    return { ...of, stages: these.length === stages.length ? null : these, outcome };
  });
}

function groupsOfStage<T>(
  { instrumentTypes, channels }: CaseSpace,
  outcomeOf: (trade: Omit<TradeCase, 'stage'>) => T | null,
): readonly Omit<CaseGroup<T>, 'stages'>[] {
  const rows = instrumentTypes.flatMap((instrumentType) =>
    mergedSides(
      (['BUY', 'SELL'] as const).flatMap((side) =>
        byChannel(channels, (channel) => outcomeOf({ instrumentType, side, channel })).map(
          (group) => ({ ...group, side }),
        ),
      ),
    ).map((group) => ({ ...group, instrumentType })),
  );
  const groups = groupBy(
    rows,
    ({ key, side, channels: these }) => `${key}|${side}|${String(these)}`,
  );
  return groups.map(([first, ...others]) => {
    const types = [first, ...others].map(({ instrumentType }) => instrumentType);
    return {
      instrumentTypes: types.length === instrumentTypes.length ? null : types,
      side: first.side,
      channels: first.channels.length === channels.length ? null : first.channels,
      outcome: first.outcome,
    };
  });
}

type ChannelGroup<T> = Outcome<T> & { readonly channels: readonly number[] };

function byChannel<T>(
  channels: readonly number[],
  outcomeOf: (channel: number) => T | null,
): ChannelGroup<T>[] {
  const outcomes = channels.flatMap((channel) => {
    const outcome = outcomeOf(channel);
    return outcome === null ? [] : [{ channel, outcome, key: JSON.stringify(outcome) }];
  });
  return groupBy(outcomes, ({ key }) => key).map(([first, ...others]) => ({
    key: first.key,
    outcome: first.outcome,
    channels: [first, ...others].map(({ channel }) => channel),
  }));
}

function mergedSides<T>(
  groups: readonly (ChannelGroup<T> & { readonly side: Side })[],
): (ChannelGroup<T> & { readonly side: Side | 'BOTH' })[] {
  return groupBy(groups, ({ key, channels }) => `${key}|${String(channels)}`).map(
    ([first, ...others]) => ({ ...first, side: others.length === 0 ? first.side : 'BOTH' }),
  );
}

type NotEmpty<T> = [T, ...T[]];

/** In the order in which the groups were met. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): NotEmpty<T>[] {
  const groups = new Map<string, NotEmpty<T>>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}
