import { seconds, type Screen } from './screen.ts';
import type { FlowView, StepView } from './views.ts';

const BAR_WIDTH = 24;
const DONE = new Set(['SUCCEEDED', 'SUCCEEDED_EMPTY']);

/** Shows a flow while it runs: a bar that moves, and a line that stays for each step that ended. */
export function createProgress(screen: Screen): { readonly show: (flow: FlowView) => void } {
  const shown = new Set<string>();
  return {
    show: (flow) => {
      for (const step of flow.steps) {
        const key = `${flow.flow}/${step.step}/${step.startedAt ?? ''}/${step.status}`;
        if (step.status === 'RUNNING') screen.passing(line(flow.flow, step));
        else if (step.startedAt !== null && !shown.has(key)) {
          shown.add(key);
          screen.say(line(flow.flow, step));
        }
      }
    },
  };
}

function line(flow: string, step: StepView): string {
  const isDone = DONE.has(step.status);
  const share = isDone ? 1 : shareOf(step);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = '█'.repeat(filled).padEnd(BAR_WIDTH, '░');
  const head = `  ${flow.padEnd(8)} ${step.name.padEnd(22)} ${bar} ${percent(share)}`;
  return `${head}  ${isDone ? outcome(step) : running(step)}`;
}

function shareOf({ rowsDone, rowsPlanned, shardsDone, shardsTotal }: StepView): number {
  if (rowsPlanned > 0) return Math.min(1, rowsDone / rowsPlanned);
  return shardsTotal > 0 ? shardsDone / shardsTotal : 0;
}

const percent = (share: number): string => `${Math.floor(share * 100)}%`.padStart(4);

const running = (step: StepView): string =>
  step.status === 'RUNNING' ? `${step.shardsDone} of ${step.shardsTotal} shards` : step.status;

function outcome({ status, rowsDone, startedAt, finishedAt }: StepView): string {
  if (status === 'SUCCEEDED_EMPTY') return 'nothing to do';
  const took =
    startedAt !== null && finishedAt !== null
      ? seconds(Date.parse(finishedAt) - Date.parse(startedAt))
      : '';
  return `${rowsDone.toLocaleString('en')} rows  ${took}`;
}
