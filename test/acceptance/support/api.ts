import { randomUUID } from 'node:crypto';
import type { DemoAccount } from '../../../domain/permissions/demo-people.ts';
import { poll } from '../../../scripts/embedded/processes.ts';
import type { CommandView, Page, Problem } from './views.ts';

/** One answer as it came, whatever its status. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

/** How a command ended: by its answer, or by its row where the answer was 202. */
export interface Outcome {
  readonly commandId: string;
  /** Where the first answer was 202, that of the same command sent again once it had ended. */
  readonly httpStatus: number;
  readonly status: 'APPLIED' | 'REFUSED' | 'EXPIRED';
  readonly code: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

type Body = Readonly<Record<string, unknown>>;

const ANSWER_MS = 60_000;
const OUTCOME_MS = 90_000;

/** A person at the public API, and nothing else: what a script of an operator could do. */
export interface Api {
  readonly person: DemoAccount;
  /** Somebody else at the same API. */
  readonly as: (person: DemoAccount) => Promise<Api>;
  readonly ask: <T>(method: string, path: string, send?: Sending) => Promise<Answer<T>>;
  /** Throws with the problem when the answer is no. */
  readonly get: <T>(path: string) => Promise<T>;
  /** Every item, page by page. */
  readonly list: <T>(path: string) => Promise<T[]>;
  /** Throws with the problem when the answer is no. */
  readonly post: <T>(path: string, body?: Body, key?: string) => Promise<T>;
  readonly postCsv: <T>(path: string, csv: string, key?: string) => Promise<Answer<T>>;
  /** Sends a command and waits for its outcome, which may be a refusal. */
  readonly command: (path: string, body?: Body, key?: string) => Promise<Outcome>;
  /** As command, for one that must be applied. */
  readonly must: (path: string, body?: Body, key?: string) => Promise<Outcome>;
}

interface Sending {
  readonly body?: Body | string | undefined;
  readonly contentType?: string;
  readonly key?: string | undefined;
}

export async function signIn(baseUrl: string, person: DemoAccount = 'operator'): Promise<Api> {
  const first = await send<{ token: string }>(baseUrl, 'POST', '/dev/token', {
    body: { person },
  });
  const { token } = demand(`sign in as ${person}`, first);
  const ask: Api['ask'] = (method, path, sending = {}) =>
    send(baseUrl, method, path, sending, token);
  const get = async <T>(path: string) => demand(`GET ${path}`, await ask<T>('GET', path));
  const command: Api['command'] = async (path, body = {}, key = randomUUID()) => {
    return outcomeOf(get, path, key, () => ask<Problem>('POST', path, { body, key }));
  };
  return {
    person,
    as: (other) => signIn(baseUrl, other),
    ask,
    get,
    command,
    list: (path) => allPages(get, path),
    post: async <T>(path: string, body: Body = {}, key: string = randomUUID()) =>
      demand(`POST ${path}`, await ask<T>('POST', path, { body, key })),
    postCsv: (path, csv, key = randomUUID()) =>
      ask('POST', path, { body: csv, contentType: 'text/csv', key }),
    must: async (path, body, key) => {
      const outcome = await command(path, body, key);
      if (outcome.status === 'APPLIED') return outcome;
      throw new Error(`${path} was not applied: ${JSON.stringify(outcome)}`);
    },
  };
}

async function outcomeOf(
  get: Api['get'],
  path: string,
  commandId: string,
  sendCommand: () => Promise<Answer<Problem>>,
): Promise<Outcome> {
  const answer = await sendCommand();
  const first = { commandId, httpStatus: answer.status };
  if (answer.status === 200) return { ...first, status: 'APPLIED', code: undefined, details: {} };
  if (answer.status !== 202) {
    const { code, details } = answer.body;
    const status = code === 'COMMAND_EXPIRED' ? 'EXPIRED' : 'REFUSED';
    return { ...first, status, code, details };
  }
  const ended = await poll(`the outcome of ${path}`, OUTCOME_MS, async () => {
    const view = await get<CommandView>(`/commands/${commandId}`);
    return view.status === 'RECORDED' ? undefined : { ...view, status: view.status };
  });
  const { status: httpStatus } = await sendCommand();
  const { status, code, details } = ended;
  return { commandId, httpStatus, status, code: code ?? undefined, details: details ?? {} };
}

async function allPages<T>(get: Api['get'], path: string): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<T> = await get(`${path}${path.includes('?') ? '&' : '?'}limit=500${from}`);
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

function demand<T>(what: string, { status, body }: Answer<T>): T {
  if (status >= 200 && status < 300) return body;
  throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
}

async function send<T>(
  baseUrl: string,
  method: string,
  path: string,
  { body, contentType = 'application/json', key }: Sending,
  token?: string,
): Promise<Answer<T>> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(body === undefined ? {} : { 'content-type': contentType }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : text;
  return { status: response.status, body: parsed as T, headers: response.headers };
}
