import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allPages, type ApiClient } from './api-client.ts';
import type { Screen } from './screen.ts';
import type { CheckView, Manifest, ManifestFile, TradeFileView } from './views.ts';

export interface Desk {
  readonly api: ApiClient;
  readonly filesDir: string;
  readonly screen: Screen;
}

/** The counterparty files of one ledger date, and what was done about them. */
export interface CounterpartyFiles {
  /** Imports those that are not there yet. */
  readonly importMissing: () => Promise<void>;
  /** Shows what a failed check found and imports corrected files; false when there are none. */
  readonly importCorrected: (flow: string) => Promise<boolean>;
}

export function readManifest(filesDir: string): Manifest {
  return JSON.parse(readFileSync(join(filesDir, 'manifest.json'), 'utf8')) as Manifest;
}

export function counterpartyFiles(
  desk: Desk,
  ledgerDate: string,
  files: readonly ManifestFile[],
): CounterpartyFiles {
  const { api, filesDir, screen } = desk;
  const corrected = new Set<string>();

  async function importFile(file: ManifestFile, name: string): Promise<void> {
    const { market, settlementChannel, tradeDate } = file;
    const query = new URLSearchParams({ market, settlementChannel, tradeDate, name });
    await api.postCsv(
      `/trade-files?${query.toString()}`,
      readFileSync(join(filesDir, name), 'utf8'),
    );
    screen.say(`  ${market.padEnd(8)} counterparty file ${name} imported`);
  }

  return {
    importMissing: async () => {
      const known = await allPages<TradeFileView>(api, '/trade-files');
      for (const file of files) {
        if (!known.some((view) => isFor(view, file))) await importFile(file, file.file);
      }
    },
    importCorrected: async (flow) => {
      const better = files.filter(
        ({ market, file, correctedFile }) =>
          market === flow && correctedFile !== undefined && !corrected.has(file),
      );
      if (better.length === 0) return false;
      await showDifferences(desk, ledgerDate, flow);
      for (const file of better) {
        corrected.add(file.file);
        await importFile(file, file.correctedFile ?? file.file);
      }
      return true;
    },
  };
}

const isFor = (view: TradeFileView, file: ManifestFile): boolean =>
  view.market === file.market &&
  view.settlementChannel === file.settlementChannel &&
  view.tradeDate === file.tradeDate;

async function showDifferences(desk: Desk, ledgerDate: string, flow: string): Promise<void> {
  const { api, screen } = desk;
  const query = new URLSearchParams({ ledgerDate, flow });
  for (const { taskId } of await allPages<CheckView>(api, `/checks?${query.toString()}`)) {
    const found = await allPages<Record<string, unknown>>(api, `/checks/${taskId}/differences`);
    for (const row of found) screen.say(`  ${flow.padEnd(8)} difference: ${describe(row)}`);
  }
}

/** What the line says already, or nobody needs to find the trade. */
const UNSAID = /^(lineNo|taskId|ledgerDate|market|verified|tolerance.*)$/;

const describe = (row: Record<string, unknown>): string =>
  Object.entries(row)
    .filter(([name, value]) => value !== null && typeof value !== 'object' && !UNSAID.test(name))
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
