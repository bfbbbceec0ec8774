import type { ClearingCost } from './clearing.ts';
import type { Floor } from './floor.ts';
import type { ProofsCost } from './proofs.ts';

export interface SizeResult {
  readonly executions: number;
  readonly clearing: ClearingCost;
  readonly proofs: ProofsCost;
  readonly floor: Floor;
  /** Billing and posting over the floor of their rows; and all steps over the floor of all rows. */
  readonly billingAndPosting: Ratio;
  readonly wholeClearing: Ratio;
  readonly microsecondsPerExecution: number;
}

export interface Ratio {
  readonly seconds: number;
  /** CPU seconds of Node and PostgreSQL over those of the floor. */
  readonly cpu: number;
}
