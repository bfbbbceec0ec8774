import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { poll } from '../../../scripts/embedded/processes.ts';
import { decide, ended, type TicketView } from '../tickets/consent.ts';
import type { Api, Outcome } from './api.ts';
import type {
  ClosingView,
  DayCutView,
  FlowView,
  LedgerDateView,
  Problem,
  StepView,
} from './views.ts';

const BUSY = ['AUTO_RUNNING', 'PAUSE_REQUESTED', 'STEP_RUNNING', 'REVOKING'];
const FLOW_MS = 120_000;

export interface RevokeOptions {
  readonly assetRollback: 'NO_OP' | 'UNDO';
  readonly supplements: 'NO_OP' | 'ADD_TO_CLEARING';
}

/** One flow on one ledger date, as a person works with it. */
export class FlowDesk {
  readonly api: Api;
  readonly ledgerDate: string;
  readonly flow: string;
  readonly path: string;

  constructor(api: Api, ledgerDate: string, flow: string) {
    this.api = api;
    this.ledgerDate = ledgerDate;
    this.flow = flow;
    this.path = `/ledger-dates/${ledgerDate}/flows/${flow}`;
  }

  /** The same desk with another person at it. */
  as(api: Api): FlowDesk {
    return new FlowDesk(api, this.ledgerDate, this.flow);
  }

  view(): Promise<FlowView> {
    return this.api.get(this.path);
  }

  async step(step: string): Promise<StepView> {
    return stepOf(await this.view(), step);
  }

  /** Step → status. */
  async statuses(): Promise<Record<string, string>> {
    return statusesOf(await this.view());
  }

  readiness(body: Body = {}, key?: string): Promise<Outcome> {
    return this.api.command(`${this.path}/readiness`, body, key);
  }

  start(body: Body = {}, key?: string): Promise<Outcome> {
    return this.api.command(`${this.path}/start`, body, key);
  }

  pause(body: Body = {}, key?: string): Promise<Outcome> {
    return this.api.command(`${this.path}/pause`, body, key);
  }

  runStep(step: string, body: Body = {}, key?: string): Promise<Outcome> {
    return this.api.command(`${this.path}/steps/${step}/run`, body, key);
  }

  /** Asked for by this person, consented to by the approver, and waited for. */
  async revoke(options: RevokeOptions, body: Body = {}): Promise<Outcome> {
    const path = `${this.path}/revoke`;
    const sending = { body: { reason: 'a scenario', ...options, ...body }, key: randomUUID() };
    const opened = await this.api.ask<TicketView & Problem>('POST', path, sending);
    const { ticketId, code, details } = opened.body;
    const first = { commandId: `ticket-${ticketId}`, httpStatus: opened.status };
    if (opened.status !== 201) return { ...first, status: 'REFUSED', code, details };
    const approver = await this.api.as('approver');
    await decide(approver, ticketId, 'approve');
    const { status, resultCode, result } = await ended(this.api, ticketId);
    return status === 'SUCCEEDED'
      ? { ...first, status: 'APPLIED', code: undefined, details: {} }
      : { ...first, status: 'REFUSED', code: resultCode ?? status, details: result ?? {} };
  }

  /** Until the flow shows one of these modes. */
  waitForMode(...modes: readonly string[]): Promise<FlowView> {
    return this.until(`mode ${modes.join(' or ')}`, (view) => modes.includes(view.mode));
  }

  /** Until nothing runs any more. */
  settled(): Promise<FlowView> {
    return this.until('rest', (view) => !BUSY.includes(view.mode));
  }

  until(what: string, holds: (view: FlowView) => boolean): Promise<FlowView> {
    let last: FlowView | undefined;
    return poll(`${what} of ${this.flow} on ${this.ledgerDate}`, FLOW_MS, async () => {
      last = await this.view();
      if (holds(last)) return last;
      throw new Error(`${last.mode} ${JSON.stringify(statusesOf(last))}`);
    });
  }

  /** Readiness that must pass. */
  async makeReady(): Promise<void> {
    await this.api.must(`${this.path}/readiness`);
    const { readiness } = await this.view();
    if (readiness === 'PASSED') return;
    const items = await this.api.get(`${this.path}/readiness`);
    throw new Error(`readiness of ${this.flow} is ${readiness}: ${JSON.stringify(items)}`);
  }

  /** One click, to where the flow comes to rest. */
  async run(): Promise<FlowView> {
    await this.api.must(`${this.path}/start`);
    return this.settled();
  }

  /** Readiness and one click, to the end. */
  async clear(): Promise<FlowView> {
    await this.makeReady();
    const view = await this.run();
    if (view.mode !== 'COMPLETED') throw new Error(`${this.flow}: ${JSON.stringify(view)}`);
    return view;
  }

  /** One step by hand, which must succeed. */
  async mustRunStep(step: string): Promise<StepView> {
    await this.api.must(`${this.path}/steps/${step}/run`);
    const view = stepOf(await this.settled(), step);
    expect(view.status).toMatch(/^SUCCEEDED/);
    return view;
  }

  /** A revoke that must be applied; its work has begun. */
  async beginRevoke(options: RevokeOptions): Promise<void> {
    const outcome = await this.revoke(options);
    if (outcome.status !== 'APPLIED') throw new Error(`no revoke: ${JSON.stringify(outcome)}`);
  }

  /** A revoke that must be applied, to its end. */
  async mustRevoke(options: RevokeOptions): Promise<FlowView> {
    await this.beginRevoke(options);
    return this.settled();
  }
}

type Body = Readonly<Record<string, unknown>>;

export function stepOf(view: FlowView, step: string): StepView {
  const found = view.steps.find((each) => each.step === step);
  if (found === undefined) throw new Error(`${view.flow} has no step ${step}`);
  return found;
}

export const statusesOf = (view: FlowView): Record<string, string> =>
  Object.fromEntries(view.steps.map(({ step, status }) => [step, status]));

/** One ledger date, as a person works with it. */
export class DayDesk {
  readonly api: Api;
  readonly ledgerDate: string;
  readonly path: string;

  constructor(api: Api, ledgerDate: string) {
    this.api = api;
    this.ledgerDate = ledgerDate;
    this.path = `/ledger-dates/${ledgerDate}`;
  }

  flow(flow: string): FlowDesk {
    return new FlowDesk(this.api, this.ledgerDate, flow);
  }

  view(): Promise<LedgerDateView> {
    return this.api.get(this.path);
  }

  async current(): Promise<string> {
    return (await this.api.get<LedgerDateView>('/ledger-dates/current')).ledgerDate;
  }

  dayCut(): Promise<DayCutView> {
    return this.api.get(`${this.path}/day-cut`);
  }

  /** With the token of now, unless another is given. */
  async cut(confirmToken?: string, key?: string): Promise<Outcome> {
    const token = confirmToken ?? (await this.dayCut()).confirmToken;
    return this.api.command(`${this.path}/day-cut`, { confirmToken: token }, key);
  }

  /** Each flow in turn, the day end and the day cut. */
  async clear(flows: readonly string[] = ['US', 'HK', 'day-end']): Promise<void> {
    for (const flow of flows) await this.flow(flow).clear();
    const { status, code } = await this.cut();
    expect([status, code]).toEqual(['APPLIED', undefined]);
  }

  closing(): Promise<ClosingView> {
    return this.api.get(`${this.path}/closing`);
  }

  /** Every invariant of the closing table holds, and there is at least one. */
  async expectInvariants(): Promise<ClosingView> {
    const closing = await this.closing();
    expect(closing.invariants.length).toBeGreaterThan(0);
    expect(closing.invariants.filter(({ ok }) => !ok)).toEqual([]);
    return closing;
  }
}
