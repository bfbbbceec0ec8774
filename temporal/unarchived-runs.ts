import { isGrpcServiceError, ServiceError, type Client } from '@temporalio/client';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { KEPT_RUNS } from './ids.ts';
import type { History } from './run-facts.ts';

/** A run as Temporal knows it now: one that is open, or closed too lately to be archived. */
export interface UnarchivedRun {
  readonly workflowId: string;
  readonly history: History;
}

/** Undefined for a run that Temporal does not know. Throws ENGINE_UNAVAILABLE. */
export type FindUnarchivedRun = (runId: string) => Promise<UnarchivedRun | undefined>;

/** An auditor waits for an answer, and a long history comes in pages. */
const DEADLINE_MS = 5_000;
/** As a text, since its enumeration is no part of what we depend on. */
const GRPC_NOT_FOUND = '5';

/**
 * Finds a run by its own id, whatever workflow it belongs to. `runId` must be a UUID: it becomes
 * part of a query.
 */
export function createUnarchivedRuns(client: Client): FindUnarchivedRun {
  async function find(runId: string): Promise<UnarchivedRun | undefined> {
    const query = `${KEPT_RUNS} AND RunId = '${runId}'`;
    for await (const { workflowId } of client.workflow.list({ query })) {
      return {
        workflowId,
        history: await client.workflow.getHandle(workflowId, runId).fetchHistory(),
      };
    }
    return undefined;
  }
  return async (runId) => {
    try {
      return await client.withDeadline(Date.now() + DEADLINE_MS, () => find(runId));
    } catch (error) {
      // Its list may still name a run whose history has ended with its retention.
      if (isGrpcServiceError(error) && String(error.code) === GRPC_NOT_FOUND) return undefined;
      if (error instanceof ServiceError || isGrpcServiceError(error)) {
        throw new ClearingError('ENGINE_UNAVAILABLE', { runId }, { cause: error });
      }
      throw error;
    }
  };
}
