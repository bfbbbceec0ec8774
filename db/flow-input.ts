import { and, desc, eq, ne } from 'drizzle-orm';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { FlowInput } from '../domain/clearing/commands.ts';
import type { Tx } from './client.ts';
import { loadFlow } from './flows.repository.ts';
import { commands } from './schema/clearing.ts';

const KNOWN_IDS_MAX = 100;

/** What a clearingFlow is opened with: its state, and the newest commands that are final. */
export async function loadFlowInput(tx: Tx, ref: FlowRef): Promise<FlowInput> {
  const known = await tx
    .select({ commandId: commands.commandId })
    .from(commands)
    .where(
      and(
        eq(commands.ledgerDate, ref.ledgerDate),
        eq(commands.flow, ref.flow),
        ne(commands.status, 'RECORDED'),
      ),
    )
    .orderBy(desc(commands.seq))
    .limit(KNOWN_IDS_MAX);
  return {
    state: await loadFlow(tx, ref),
    knownCommandIds: known.map((row) => row.commandId),
  };
}
