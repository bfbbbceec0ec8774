import type { SettingKind } from '../../domain/settings/settings.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface SettingView {
  readonly setting: string;
  readonly kind: SettingKind;
  readonly name: string;
  readonly version: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly changedBy: string | null;
  readonly changedAt: string | null;
  readonly ticketId: string | null;
}

const SETTINGS = `WITH present AS (
    SELECT 'readiness.' || item AS setting, 'readiness' AS kind, en AS name,
      json_build_object('severity', severity, 'enabled', enabled) AS value
    FROM readiness_items
    UNION ALL
    SELECT 'channel.' || settlement_channel, 'channel', name,
      json_build_object('matchMode', match_mode, 'tolerance', tolerance::text,
        'fuzzyByInstrument', fuzzy_by_instrument)
    FROM settlement_channels
    UNION ALL
    (SELECT setting, 'cutoff', 'Cutoff of the ledger dates that are opened next', after::json
     FROM setting_versions WHERE setting = 'cutoff.time' ORDER BY version DESC LIMIT 1))
  SELECT p.setting, p.kind, p.name, p.value, coalesce(v.version, 0) AS version,
    v.changed_by AS "changedBy", v.changed_at AS "changedAt", v.ticket_id AS "ticketId"
  FROM present p LEFT JOIN LATERAL (SELECT * FROM setting_versions v
    WHERE v.setting = p.setting ORDER BY v.version DESC LIMIT 1) v ON true
  ORDER BY p.setting COLLATE "C"`;

/** Every setting as it is now, by name. There are a few dozen at most. */
export const readSettings = (reader: Reader): Promise<SettingView[]> =>
  rows<SettingView>(reader, SETTINGS);

export interface SettingVersionView {
  readonly setting: string;
  readonly version: number;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>>;
  readonly changedBy: string;
  readonly approvedBy: readonly string[];
  readonly ticketId: string | null;
  readonly changedAt: string;
}

const VERSIONS = `SELECT setting, version, before, after, changed_by AS "changedBy",
  approved_by AS "approvedBy", ticket_id AS "ticketId", changed_at AS "changedAt"
  FROM setting_versions`;

/** What a setting was changed to, by whom and with whose consent; oldest first. */
export const readSettingVersions = (
  reader: Reader,
  request: PageRequest & { readonly setting?: string | undefined },
): Promise<Page<SettingVersionView>> =>
  readPage<SettingVersionView>(
    reader,
    {
      list: 'setting versions',
      select: VERSIONS,
      conditions: new Conditions().add('setting = ?', request.setting),
      key: [
        ['setting', 'text'],
        ['version', 'integer'],
      ],
      keyOf: (row) => [row.setting, row.version],
    },
    request,
  );
