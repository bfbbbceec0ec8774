import { randomUUID } from 'node:crypto';
import { poll } from '../embedded/processes.ts';
import type { Page } from './views.ts';

/** An answer that said no. `code` is of the error catalogue, or HTTP and the status. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(what: string, code: string, problem: Readonly<Record<string, unknown>>) {
    super(`${what}: ${code}. ${textOf(problem['detail'] ?? problem['title'])}`);
    this.code = code;
    const details = problem['details'];
    this.details = typeof details === 'object' && details !== null ? { ...details } : {};
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The public API as an operator's tool sees it. */
export interface ApiClient {
  readonly get: <T>(path: string) => Promise<T>;
  readonly post: <T>(path: string, body: unknown) => Promise<T>;
  readonly postCsv: <T>(path: string, csv: string) => Promise<T>;
  /** Sends a command and waits for its outcome. The same id goes with every repetition. */
  readonly command: (path: string, body?: Readonly<Record<string, unknown>>) => Promise<void>;
}

interface CommandView {
  readonly status: 'RECORDED' | 'APPLIED' | 'REFUSED' | 'EXPIRED';
  readonly code?: string | null;
  readonly refusalCode?: string | null;
}

const ANSWER_MS = 60_000;

export async function signIn(baseUrl: string, person: string): Promise<ApiClient> {
  const { token } = await ask<{ token: string }>(`${baseUrl}/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ person }),
  });
  const authorization = `Bearer ${token}`;
  const get = <T>(path: string) => ask<T>(`${baseUrl}${path}`, { headers: { authorization } });
  const send = <T>(path: string, type: string, body: string) =>
    ask<T>(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': type, 'idempotency-key': randomUUID() },
      body,
    });
  return {
    get,
    post: (path, body) => send(path, 'application/json', JSON.stringify(body)),
    postCsv: (path, csv) => send(path, 'text/csv', csv),
    command: async (path, body = {}) => {
      const answer = await send<Partial<CommandView> & { commandId: string }>(
        path,
        'application/json',
        JSON.stringify(body),
      );
      if (answer.status === 'APPLIED') return;
      const final = await poll(`the outcome of ${path}`, ANSWER_MS, async () => {
        const view = await get<CommandView>(`/commands/${answer.commandId}`);
        return view.status === 'RECORDED' ? undefined : view;
      });
      if (final.status === 'APPLIED') return;
      throw new Refused(path, final.code ?? final.refusalCode ?? final.status, {});
    },
  };
}

/**
 * One question. A process that was killed comes back within moments, so what got no answer is asked
 * again: each question either changes nothing or carries the id that makes a repetition harmless.
 */
async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const what = `${init.method ?? 'GET'} ${new URL(url).pathname}`;
  const answer = await poll(`an answer to ${what}`, ANSWER_MS, async () => {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
    const read = { response, text: await response.text() };
    if (response.status >= 500) throw new Error(`${response.status} ${read.text.slice(0, 300)}`);
    return read;
  });
  const { response, text } = answer;
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const body: unknown = isJson && text !== '' ? JSON.parse(text) : {};
  if (response.ok) return body as T;
  const problem = body as Readonly<Record<string, unknown>>;
  throw new Refused(what, textOf(problem['code']) || `HTTP ${response.status}`, problem);
}

/** Every item of a list, page by page. */
export async function allPages<T>(api: ApiClient, path: string): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<T> = await api.get(`${path}${path.includes('?') ? '&' : '?'}limit=500${more}`);
    all.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}
