import { poll } from '../embedded/processes.ts';
import { counterpartyFiles, type CounterpartyFiles, type Desk } from './counterparty-files.ts';
import { createProgress } from './progress.ts';
import type { DayCutView, FlowView, LedgerDateView, ManifestFile, Page } from './views.ts';

const BUSY = new Set(['AUTO_RUNNING', 'PAUSE_REQUESTED', 'STEP_RUNNING', 'REVOKING']);
const THROUGH = new Set(['COMPLETED', 'CLOSED']);
const STOPPED = new Set(['FAILED', 'BLOCKED_BY_CHECK']);
const FLOW_MS = 3_600_000;

/** Thrown where an operator would have to think. */
export class NeedsPerson extends Error {
  override name = 'NeedsPerson';
}

/**
 * Clears a ledger date as a person would, through the public API alone: counterparty files,
 * readiness and one click for each flow, the corrected file where a check finds a row missing, the
 * day cut. Goes on wherever the date stands.
 */
export async function clearLedgerDate(
  desk: Desk,
  ledgerDate: string,
  manifest: readonly ManifestFile[],
): Promise<void> {
  const date = `/ledger-dates/${ledgerDate}`;
  const files = counterpartyFiles(desk, ledgerDate, manifest);
  await files.importMissing();
  const { items } = await desk.api.get<Page<FlowView>>(`${date}/flows`);
  for (const { flow } of items) await clearFlow(desk, `${date}/flows/${flow}`, files);
  await cutDay(desk, date, ledgerDate);
}

async function clearFlow(desk: Desk, path: string, files: CounterpartyFiles): Promise<void> {
  const progress = createProgress(desk.screen);
  for (let clicks = 0; ; clicks += 1) {
    const flow = await poll(`the end of ${path}`, FLOW_MS, async () => {
      const view = await desk.api.get<FlowView>(path);
      progress.show(view);
      return BUSY.has(view.mode) ? undefined : view;
    });
    if (THROUGH.has(flow.mode)) return;
    if (flow.mode === 'PAUSED') {
      throw new NeedsPerson(
        `${flow.flow} is PAUSED. A person did that, and a person starts it again.`,
      );
    }
    if (clicks > 0) await correct(flow, files);
    if (flow.readiness !== 'PASSED') await makeReady(desk, path);
    await desk.api.command(`${path}/start`);
  }
}

async function makeReady({ api }: Desk, path: string): Promise<void> {
  await api.command(`${path}/readiness`);
  const { readiness } = await api.get<FlowView>(path);
  if (readiness === 'PASSED') return;
  const items = await api.get<unknown>(`${path}/readiness`);
  throw new NeedsPerson(`Readiness is ${readiness}: ${JSON.stringify(items)}`);
}

/**
 * A flow that stopped goes on only after something was done about the reason. One that was started,
 * did not fail and runs no more is in the hands of a person, who revoked it.
 */
async function correct(flow: FlowView, files: CounterpartyFiles): Promise<void> {
  const stopped = flow.steps.find(({ status }) => STOPPED.has(status));
  if (stopped === undefined) {
    throw new NeedsPerson(`${flow.flow} is ${flow.mode}: a person has taken over.`);
  }
  if (stopped.step === 'preCheck' && (await files.importCorrected(flow.flow))) return;
  const reason = JSON.stringify(stopped.failure ?? null);
  throw new NeedsPerson(`${flow.flow} stopped at ${stopped.name}: ${reason}`);
}

async function cutDay({ api, screen }: Desk, date: string, ledgerDate: string): Promise<void> {
  const view = await api.get<DayCutView>(`${date}/day-cut`);
  if (!view.allowed) {
    throw new NeedsPerson(`The day cut is not allowed: ${JSON.stringify(view.blockers)}`);
  }
  await api.command(`${date}/day-cut`, { confirmToken: view.confirmToken });
  await poll('the day cut', 60_000, async () => {
    const { status } = await api.get<LedgerDateView>(date);
    return status === 'CUT' || undefined;
  });
  screen.say(`  ${'day cut'.padEnd(8)} ${ledgerDate} is closed`);
}
