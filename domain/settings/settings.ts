import { READINESS_ITEMS } from '../readiness/readiness.ts';
import type { DecimalString } from '../money/decimal.ts';
import type { MatchMode } from '../matching/match-pair.ts';

/*
 * 清算系统配置: what a broker sets by ticket. A setting is named by what it sets, such as
 * readiness.ready_trade_file or channel.CCASS, and has one value that is changed as a whole.
 */

export const SETTING_KINDS = ['readiness', 'channel', 'cutoff'] as const;
export type SettingKind = (typeof SETTING_KINDS)[number];

export interface ReadinessSetting {
  /** 0 tells, 1 blocks until passed, 2 blocks until true. */
  readonly severity: number;
  readonly enabled: boolean;
}

export interface ChannelSetting {
  readonly matchMode: MatchMode | 'none';
  /** Largest amount difference that still matches, in the trade currency; 0 = exact. */
  readonly tolerance: DecimalString;
  readonly fuzzyByInstrument: boolean;
}

/** Of ledger dates that are opened from now on; those that are open keep theirs. */
export interface CutoffSetting {
  /** `HH:MM` in Hong Kong. */
  readonly time: string;
}

export type SettingValue = ReadinessSetting | ChannelSetting | CutoffSetting;

/** The one setting of its kind. */
export const CUTOFF_TIME = 'cutoff.time';

export interface SettingName {
  readonly kind: SettingKind;
  /** The readiness item, the settlement channel, or `time`. */
  readonly of: string;
}

/** Undefined for a name that no setting can have. */
export function settingName(setting: string): SettingName | undefined {
  const dot = setting.indexOf('.');
  const kind = SETTING_KINDS.find((each) => each === setting.slice(0, dot));
  const of = setting.slice(dot + 1);
  if (kind === undefined || of === '') return undefined;
  if (kind === 'cutoff' && setting !== CUTOFF_TIME) return undefined;
  const isItem = READINESS_ITEMS.some((item) => item === of);
  return kind === 'readiness' && !isItem ? undefined : { kind, of };
}
