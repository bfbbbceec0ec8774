import type { RunnableStep } from '../../domain/clearing/steps.ts';
import { billing } from './billing.ts';
import { dataSummary } from './data-summary.ts';
import { posting } from './posting.ts';
import { preCheck } from './pre-check.ts';
import { settlement } from './settlement.ts';
import type { StepDefinition } from './step-definition.ts';
import { sync } from './sync.ts';
import { undoPosting, undoSettlement } from './undo.ts';

/** The registry of steps: what each of them does, by its id. */
export const STEP_DEFINITIONS: Readonly<Record<RunnableStep, StepDefinition>> = {
  sync,
  preCheck,
  billing,
  posting,
  settlement,
  dataSummary,
  undoSettlement,
  undoPosting,
};
