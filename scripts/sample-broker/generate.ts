import { sampleAccounts, tinyAccounts } from './accounts.ts';
import { sampleHoldings, tinyHoldings } from './holdings.ts';
import { SAMPLE_INSTRUMENTS, type SampleInstrument } from './instruments.ts';
import { missingExecutions, withIrregularities } from './irregular.ts';
import type { SampleAccount, SampleBroker, SampleOptions, SampleSession } from './model.ts';
import { sessionOrders } from './orders.ts';
import { randomOf } from './random.ts';
import { OPENING_SESSIONS, SESSIONS, type Session } from './sessions.ts';

export const DEFAULT_OPTIONS: SampleOptions = {
  seed: 20_251_222,
  accounts: 600,
  ordersPerDay: 1_700,
  scale: 1,
};

/** Hong Kong does two thirds of the business of an ordinary day. */
const MARKET_SHARE = { HK: 0.65, US: 0.35 } as const;

const NOTHING_MISSING: ReadonlySet<string> = new Set();

function instrumentsOf(market: Session['market']): [SampleInstrument, ...SampleInstrument[]] {
  const [first, ...rest] = SAMPLE_INSTRUMENTS.filter((each) => each.market === market);
  if (first === undefined) throw new RangeError(`no instrument of ${market}`);
  return [first, ...rest];
}

function sessionOf(
  options: SampleOptions,
  accounts: readonly SampleAccount[],
  session: Session,
): SampleSession {
  const { seed, ordersPerDay, scale } = options;
  const traders = accounts.flatMap(({ status }, index) => (status === 'ACTIVE' ? [index] : []));
  const source = {
    random: randomOf(seed, `orders/${session.market}/${session.tradeDate}`),
    session,
    instruments: instrumentsOf(session.market),
    traders,
  };
  const count = Math.ceil(ordersPerDay * scale * MARKET_SHARE[session.market] * session.share);
  return { session, orders: sessionOrders(source, count) };
}

/**
 * A broker of one week, out of nothing but a seed: the same options give the same rows, on every
 * machine, for ever. Reads no clock, no file and no random source of the host.
 */
export function generateSampleBroker(options: SampleOptions = DEFAULT_OPTIONS): SampleBroker {
  const accounts = sampleAccounts(options.seed, options.accounts);
  const openingSessions = OPENING_SESSIONS.map((each) => sessionOf(options, accounts, each));
  const sessions = SESSIONS.map((each) => withIrregularities(sessionOf(options, accounts, each)));
  return {
    accounts,
    instruments: SAMPLE_INSTRUMENTS,
    openingSessions,
    sessions,
    holdings: sampleHoldings(options.seed, accounts, SAMPLE_INSTRUMENTS, [
      ...openingSessions,
      ...sessions,
    ]),
    missingFromFiles: missingExecutions(sessions),
  };
}

/** A few accounts with plenty of everything and no trade at all: for tests that bring their own. */
export function generateTinyBroker(): SampleBroker {
  const accounts = tinyAccounts();
  return {
    accounts,
    instruments: SAMPLE_INSTRUMENTS,
    openingSessions: [],
    sessions: [],
    holdings: tinyHoldings(accounts, SAMPLE_INSTRUMENTS),
    missingFromFiles: NOTHING_MISSING,
  };
}
