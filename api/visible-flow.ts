import type { FlowView, StepView } from '../db/queries/flow-view.ts';
import type { Permission } from '../domain/permissions/permissions.ts';

/** A flow as one person may see it. */
export interface VisibleFlow extends FlowView {
  /** True when totals and reasons of steps were left out. */
  readonly stripped: boolean;
}

const LEDGER = 'clearing.ledger_query' satisfies Permission;

export const seesLedger = ({
  permissions,
}: {
  readonly permissions: ReadonlySet<string>;
}): boolean => permissions.has(LEDGER);

/**
 * Who may see the flows and not the books sees that a step ran, how far it is and the code of why
 * it stopped. What it counted and summed, and the values in its failure, belong to the books.
 */
export const visibleFlow = (view: FlowView, ledger: boolean): VisibleFlow =>
  ledger
    ? { ...view, stripped: false }
    : {
        ...view,
        steps: view.steps.map(withoutTotals),
        undo: view.undo === null ? null : withoutTotals(view.undo),
        stripped: true,
      };

const withoutTotals = (step: StepView): StepView => ({
  ...step,
  result: null,
  failure: step.failure === null ? null : { code: step.failure.code, details: {} },
});
