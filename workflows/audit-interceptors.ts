import { proxySinks, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { payloadText } from '../temporal/payload-text.ts';

/**
 * What passed between a workflow and the world, told to whoever replays it. `key` is the same for
 * the same thing in the replay and in the history: `activity 7`, `update {id}`, `result`.
 */
export interface AuditSinks extends Sinks {
  audit: { record(key: string, values: string): void };
}

const { audit } = proxySinks<AuditSinks>();

/** As text at once: what is recorded must not change when the workflow changes its objects. */
const record = (key: string, ...values: readonly unknown[]): void =>
  audit.record(key, JSON.stringify(values.map(payloadText)));

/** Records what a promise brings, and hands on that very promise: see below. */
function told<T>(promise: Promise<T>, key: string): Promise<T> {
  promise.then(
    (value) => record(key, value),
    // A failure is told by what the workflow does about it.
    () => undefined,
  );
  return promise;
}

/**
 * The second bundle of a release is the same workflows and this module. It issues no commands, so a
 * history replays with it exactly as with the first; but it also tells every value, and not only
 * the types and ids of commands, which is all that a replay compares by itself.
 *
 * Nothing here is async: one more turn of the microtask queue could change the order in which a
 * workflow answers and asks, and the replay would fail.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let signals = 0;
  return {
    inbound: [
      {
        execute(input, next) {
          record('input', ...input.args);
          return told(next(input), 'result');
        },
        handleUpdate(input, next) {
          record(`update ${input.updateId}`, input.name, ...input.args);
          return told(next(input), `answer ${input.updateId}`);
        },
        handleSignal(input, next) {
          signals += 1;
          record(`signal ${signals}`, input.signalName, ...input.args);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity(input, next) {
          record(`activity ${input.seq}`, input.activityType, ...input.args);
          return told(next(input), `activity result ${input.seq}`);
        },
        startTimer(input, next) {
          record(`timer ${input.seq}`, input.durationMs);
          return next(input);
        },
        continueAsNew(input, next) {
          record('continued with', ...input.args);
          return next(input);
        },
      },
    ],
  };
};
