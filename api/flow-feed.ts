import type { Db } from '../db/client.ts';
import { holdersOfAccounts, type Holder } from '../db/people.repository.ts';
import { readFlowView, type FlowView } from '../db/queries/flow-view.ts';
import { listenForProgress, type ProgressListener } from '../db/queries/progress-listener.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { Clock } from '../domain/clock.ts';
import { startRounds } from './rounds.ts';
import { visibleFlow } from './visible-flow.ts';

const AT_MOST_EVERY_MS = 200;
/** Also without a change: what is allowed can depend on the time of day. */
const REFRESH_MS = 15_000;

/** Who watches a flow. `send` gets a view as JSON, and '' as a sign of life. */
export interface FlowWatcher {
  /** Whether the watcher may see the books: others get views without totals. */
  readonly ledger: boolean;
  /** By which account the watcher came. */
  readonly account: string;
  /** Whether whoever has that account now may go on watching what this watcher is shown. */
  mayGoOn(holder: Holder | undefined): boolean;
  send(view: string): void;
  end(): void;
}

interface Topic {
  readonly ref: FlowRef;
  readonly watchers: Set<FlowWatcher>;
  timer: NodeJS.Timeout | undefined;
  readAt: number;
  shown: string;
}

const keyOf = ({ ledgerDate, flow }: FlowRef): string => `${ledgerDate}/${flow}`;

/**
 * Tells watchers of a flow what changed: one connection listens for all of them, and a flow is read
 * once, at most five times a second, however many watch it.
 */
export class FlowFeed {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly onError: (error: unknown) => void;
  private readonly topics = new Map<string, Topic>();
  private listener: ProgressListener | undefined;
  private refresher: NodeJS.Timeout | undefined;
  private stopChecks: (() => Promise<void>) | undefined;

  constructor(deps: {
    readonly db: Db;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  }) {
    this.db = deps.db;
    this.clock = deps.clock;
    this.onError = deps.onError;
  }

  /** Returns how to stop watching. `first` is what the watcher has seen already. */
  watch(first: FlowView, watcher: FlowWatcher): () => void {
    this.start();
    const key = keyOf(first);
    let topic = this.topics.get(key);
    if (!topic) {
      const { ledgerDate, flow } = first;
      const ref = { ledgerDate, flow };
      const shown = JSON.stringify(first);
      topic = { ref, watchers: new Set(), timer: undefined, readAt: 0, shown };
      this.topics.set(key, topic);
    }
    const { watchers } = topic;
    watchers.add(watcher);
    // What changed between that first look and now has been announced to nobody.
    this.schedule(topic);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.topics.get(key)?.watchers === watchers) {
        clearTimeout(this.topics.get(key)?.timer);
        this.topics.delete(key);
      }
    };
  }

  async close(): Promise<void> {
    clearInterval(this.refresher);
    await this.stopChecks?.();
    for (const topic of this.topics.values()) {
      clearTimeout(topic.timer);
      for (const watcher of topic.watchers) watcher.end();
    }
    this.topics.clear();
    await this.listener?.close();
  }

  private start(): void {
    this.listener ??= listenForProgress(this.db, {
      onChange: (flow) => {
        const changed = flow === null ? [...this.topics.values()] : [this.topics.get(flow)];
        for (const topic of changed) if (topic) this.schedule(topic);
      },
      onError: this.onError,
    });
    this.stopChecks ??= startRounds(() => this.checkRights(), this.onError);
    this.refresher ??= setInterval(() => {
      for (const topic of this.topics.values()) {
        for (const watcher of topic.watchers) watcher.send('');
        this.schedule(topic);
      }
    }, REFRESH_MS).unref();
  }

  /**
   * Roles are read at each request, and a stream is one request that lasts: whoever may no longer
   * see what the stream shows is let go, and finds out why when connecting again.
   */
  private async checkRights(): Promise<void> {
    const watching = [...this.topics.values()].flatMap(({ watchers }) => [...watchers]);
    if (watching.length === 0) return;
    const accounts = [...new Set(watching.map(({ account }) => account))];
    const holders = await holdersOfAccounts(this.db, accounts);
    const leaving = watching.filter((watcher) => !watcher.mayGoOn(holders.get(watcher.account)));
    for (const watcher of leaving) {
      for (const { watchers } of this.topics.values()) watchers.delete(watcher);
      watcher.end();
    }
  }

  private schedule(topic: Topic): void {
    if (topic.timer) return;
    const wait = Math.max(0, topic.readAt + AT_MOST_EVERY_MS - Date.now());
    topic.timer = setTimeout(() => {
      topic.timer = undefined;
      topic.readAt = Date.now();
      // A store that is away announces its return, and then everything is read again.
      this.show(topic).catch(this.onError);
    }, wait);
  }

  private async show(topic: Topic): Promise<void> {
    const view = await readFlowView(this.db, topic.ref, this.clock.now());
    const shown = JSON.stringify(view);
    if (shown === topic.shown) return;
    topic.shown = shown;
    const whole = JSON.stringify(visibleFlow(view, true));
    const stripped = JSON.stringify(visibleFlow(view, false));
    for (const watcher of topic.watchers) watcher.send(watcher.ledger ? whole : stripped);
  }
}
