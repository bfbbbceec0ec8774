import { desc, eq, sql } from 'drizzle-orm';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import {
  CUTOFF_TIME,
  settingName,
  type ChannelSetting,
  type CutoffSetting,
  type ReadinessSetting,
  type SettingName,
  type SettingValue,
} from '../domain/settings/settings.ts';
import type { Tx } from './client.ts';
import { readinessItems, settlementChannels } from './schema/reference.ts';
import { settingVersions } from './schema/settings.ts';
import type { Transaction } from './transaction.ts';

const SETTING_LOCKS = 7713;

export interface CurrentSetting {
  readonly name: SettingName;
  /** How often it was changed by ticket; 0 = never. */
  readonly version: number;
  readonly value: SettingValue;
}

export interface SettingChange {
  readonly setting: string;
  readonly value: SettingValue;
  readonly changedBy: string;
  readonly approvedBy: readonly string[];
  readonly ticketId: string;
}

/** Nobody else changes the setting until this transaction ends. */
export async function lockSetting({ client }: Transaction, setting: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [SETTING_LOCKS, setting]);
}

/** Throws NOT_FOUND for a setting that does not exist. */
export async function loadSetting(tx: Tx, setting: string): Promise<CurrentSetting> {
  const name = settingName(setting);
  const [newest] = await tx
    .select({ version: settingVersions.version, after: settingVersions.after })
    .from(settingVersions)
    .where(eq(settingVersions.setting, setting))
    .orderBy(desc(settingVersions.version))
    .limit(1);
  const value = name && (await valueOf(tx, name, newest?.after));
  if (!name || !value) throw new ClearingError('NOT_FOUND', { setting });
  return { name, version: newest?.version ?? 0, value };
}

async function valueOf(
  tx: Tx,
  { kind, of }: SettingName,
  newest: object | undefined,
): Promise<SettingValue | undefined> {
  switch (kind) {
    case 'readiness': {
      const { severity, enabled } = readinessItems;
      const found = await tx
        .select({ severity, enabled })
        .from(readinessItems)
        .where(eq(readinessItems.item, of));
      return found[0];
    }
    case 'channel': {
      const { matchMode, tolerance, fuzzyByInstrument } = settlementChannels;
      const found = await tx
        .select({ matchMode, tolerance, fuzzyByInstrument })
        .from(settlementChannels)
        .where(eq(settlementChannels.settlementChannel, of));
      return found[0];
    }
    case 'cutoff':
      return newest as CutoffSetting | undefined;
  }
}

/**
 * Changes a setting and keeps what it was. The caller has locked it, and has checked that the value
 * is one of its kind. Throws NOT_FOUND.
 */
export async function saveSetting(tx: Tx, change: SettingChange): Promise<void> {
  const { setting, value, changedBy, approvedBy, ticketId } = change;
  const { name, version, value: before } = await loadSetting(tx, setting);
  await putInForce(tx, name, value);
  await tx.insert(settingVersions).values({
    setting,
    version: version + 1,
    before: { ...before },
    after: { ...value },
    changedBy,
    approvedBy: [...approvedBy],
    ticketId,
  });
}

/** The cutoff has no table of its own: its newest version is what is in force. */
async function putInForce(tx: Tx, { kind, of }: SettingName, value: SettingValue): Promise<void> {
  if (kind === 'readiness') {
    const { severity, enabled } = value as ReadinessSetting;
    await tx
      .update(readinessItems)
      .set({ severity, enabled, updatedAt: sql`now()` })
      .where(eq(readinessItems.item, of));
  } else if (kind === 'channel') {
    const { matchMode, tolerance, fuzzyByInstrument } = value as ChannelSetting;
    await tx
      .update(settlementChannels)
      .set({ matchMode, tolerance, fuzzyByInstrument })
      .where(eq(settlementChannels.settlementChannel, of));
  }
}

/** `HH:MM` in Hong Kong: the cutoff of a ledger date that is opened now. Throws NOT_FOUND. */
export async function cutoffTimeOf(tx: Tx): Promise<string> {
  const { value } = await loadSetting(tx, CUTOFF_TIME);
  return (value as CutoffSetting).time;
}

/**
 * Gives a new installation its cutoff. Without effect once there is one: from then on it changes by
 * ticket. Safe to run at every start and by several processes at once.
 */
export async function seedCutoffTime(tx: Tx, time: string): Promise<void> {
  await tx
    .insert(settingVersions)
    .values({ setting: CUTOFF_TIME, version: 1, after: { time }, changedBy: 'system' })
    .onConflictDoNothing();
}
