import type { Client } from '@temporalio/client';

const DEADLINE_MS = 2_000;

/** False when Temporal is down, unreachable or without our namespace: health says so, with 503. */
export async function isServing(client: Client, namespace: string): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  }
}
