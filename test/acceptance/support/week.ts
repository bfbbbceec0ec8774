import { counterpartyFiles, readManifest } from '../../../scripts/launch/counterparty-files.ts';
import type { Screen } from '../../../scripts/launch/screen.ts';
import type { ManifestFile } from '../../../scripts/launch/views.ts';
import type { Api } from './api.ts';
import { DayDesk, FlowDesk, stepOf } from './desk.ts';
import type { FlowView } from './views.ts';

/** The sample's week, cleared by a person with the sample's counterparty files. */
export class Week {
  readonly api: Api;
  readonly filesDir: string;

  constructor(api: Api, filesDir: string) {
    this.api = api;
    this.filesDir = filesDir;
  }

  dates(): string[] {
    return readManifest(this.filesDir).ledgerDates.map(({ ledgerDate }) => ledgerDate);
  }

  day(ledgerDate: string): DayDesk {
    return new DayDesk(this.api, ledgerDate);
  }

  /** The counterparties' first files of a date. */
  async importFiles(ledgerDate: string): Promise<void> {
    await this.files(ledgerDate).importMissing();
  }

  /** Readiness and one click, with the corrected file where a row was missing. */
  async clear(ledgerDate: string, flow: string): Promise<FlowView> {
    const desk = new FlowDesk(this.api, ledgerDate, flow);
    await desk.makeReady();
    const view = await desk.run();
    return this.finish(view);
  }

  /** Imports the corrected file when that is what a flow stopped for, and lets it go on. */
  async finish(view: FlowView): Promise<FlowView> {
    const { ledgerDate, flow } = view;
    let last = view;
    if (last.mode === 'PAUSED_ON_ERROR' && stepOf(last, 'preCheck').status === 'BLOCKED_BY_CHECK') {
      await this.correct(last);
      last = await new FlowDesk(this.api, ledgerDate, flow).run();
    }
    if (last.mode !== 'COMPLETED') throw new Error(`${flow}: ${JSON.stringify(last)}`);
    return last;
  }

  /** Imports the corrected file of a market that sent an incomplete one. */
  async correct({ ledgerDate, flow }: FlowView): Promise<void> {
    if (!(await this.files(ledgerDate).importCorrected(flow))) {
      throw new Error(`there is no corrected file for ${flow} on ${ledgerDate}`);
    }
  }

  private files(ledgerDate: string) {
    const desk = { api: this.launchApi(), filesDir: this.filesDir, screen: SILENT };
    return counterpartyFiles(desk, ledgerDate, this.filesOf(ledgerDate));
  }

  private filesOf(ledgerDate: string): readonly ManifestFile[] {
    const dates = readManifest(this.filesDir).ledgerDates;
    return dates.find((date) => date.ledgerDate === ledgerDate)?.files ?? [];
  }

  private launchApi() {
    const { api } = this;
    return {
      get: api.get,
      post: <T>(path: string, body: unknown) => api.post<T>(path, body as Record<string, unknown>),
      postCsv: async <T>(path: string, csv: string) => {
        const { status, body } = await api.postCsv<T>(path, csv);
        if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
        return body;
      },
      command: async (path: string, body?: Readonly<Record<string, unknown>>) => {
        await api.must(path, body);
      },
    };
  }
}

const SILENT: Screen = {
  say: () => undefined,
  done: () => undefined,
  during: async (_what, work) => work(),
  passing: () => undefined,
};
