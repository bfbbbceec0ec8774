import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { loadTinyBroker } from '../../../scripts/sample-broker/load.ts';
import { freshDatabase } from '../../support/database.ts';
import { startSystem, type System, type SystemOptions } from '../../support/system.ts';
import { signIn, type Api } from './api.ts';
import { DayDesk } from './desk.ts';
import { brokenProofs } from './proofs.ts';

/** Ledger dates of the tiny broker with what their markets trade; the first one is open. */
export const MON_2025_12_22 = '2025-12-22';
export const TUE_2025_12_23 = '2025-12-23';
export const WED_2025_12_24 = '2025-12-24';
export const FRI_2025_12_26 = '2025-12-26';
export const MON_2025_12_29 = '2025-12-29';
/** New York's trade date that Monday the 22nd books. */
export const FRI_2025_12_19 = '2025-12-19';

/** After the cutoff of every date above. */
export const AFTER_EVERY_CUTOFF = '2025-12-31T02:00:00Z';

export interface Stage {
  readonly system: System;
  readonly operator: Api;
  readonly day: DayDesk;
  readonly as: (person: Api['person']) => Promise<Api>;
  /** Throws when a proof of the audit log does not hold of what the system left behind. */
  readonly stop: () => Promise<void>;
}

/** Three real processes over a tiny broker, and an operator at its first ledger date. */
export async function startTiny(
  options: SystemOptions & { readonly firstLedgerDate?: string } = {},
): Promise<Stage> {
  const { firstLedgerDate, ...rest } = options;
  if (firstLedgerDate === undefined) return startStage(MON_2025_12_22, 'tiny', rest);
  const databaseUrl = await freshDatabase('empty');
  await loadTinyBroker(databaseUrl, { firstLedgerDate: parseBusinessDate(firstLedgerDate) });
  return startStage(firstLedgerDate, 'tiny', { databaseUrl, ...rest });
}

/** The same over the sample broker, or over whatever database is given. */
export async function startStage(
  ledgerDate: string,
  template: 'tiny' | 'sample',
  options: SystemOptions = {},
): Promise<Stage> {
  const databaseUrl = options.databaseUrl ?? (await freshDatabase(template));
  const system = await startSystem({ clock: AFTER_EVERY_CUTOFF, ...options, databaseUrl });
  const operator = await signIn(system.baseUrl);
  return {
    system,
    operator,
    day: new DayDesk(operator, ledgerDate),
    as: (person) => signIn(system.baseUrl, person),
    stop: async () => {
      await system.stop();
      const broken = await brokenProofs(databaseUrl);
      if (broken.length > 0) throw new Error(`a proof is broken: ${JSON.stringify(broken)}`);
    },
  };
}
