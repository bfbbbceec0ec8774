import { asc, eq } from 'drizzle-orm';
import type { FeeScenario } from '../domain/fees/fee-scenario.ts';
import type { Tx } from './client.ts';
import { feeScenarios } from './schema/fee-configuration.ts';
import type { TicketOrigin } from './fee-rules.repository.ts';

/** Every version of a scenario, oldest first; none of one that nobody knows. */
export async function loadScenario(tx: Tx, scenarioId: string): Promise<readonly FeeScenario[]> {
  const rows = await tx
    .select({ definition: feeScenarios.definition })
    .from(feeScenarios)
    .where(eq(feeScenarios.scenarioId, scenarioId))
    .orderBy(asc(feeScenarios.version));
  return rows.map(({ definition }) => definition as FeeScenario);
}

/** Adds one version. The caller holds the lock of the fee rules. */
export async function addScenario(tx: Tx, scenario: FeeScenario, by: TicketOrigin): Promise<void> {
  const { scenarioId, version, effectiveFrom } = scenario;
  await tx
    .insert(feeScenarios)
    .values({ scenarioId, version, effectiveFrom, definition: scenario, ...by });
}
