import { createHash } from 'node:crypto';
import {
  loadClearingCalendar,
  marketsOfFlow,
  type ClearingCalendar,
  type ClearingMarket,
} from '../db/calendars.repository.ts';
import {
  channelsWithoutFile,
  channelsWithTrades,
  loadMarketRules,
  loadReadinessItems,
} from '../db/readiness.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import {
  lastTradeDateOf,
  ledgerDateOf,
  nextLedgerDate,
  tradeDateOf,
} from '../domain/calendar/ledger-date.ts';
import { settlementDatesOf } from '../domain/calendar/settlement-date.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import { DAY_END_FLOW } from '../domain/clearing/steps.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { ErrorCode } from '../domain/errors/error-catalogue.ts';
import type { ReadinessItem, ReadinessResult } from '../domain/readiness/readiness.ts';

type Finding = Readonly<Record<string, unknown>>;
interface Question {
  readonly ref: FlowRef;
  readonly calendar: ClearingCalendar;
  readonly markets: readonly ClearingMarket[];
}
/** What is wrong; nothing = the item passed. */
type Evaluate = (t: Transaction, question: Question) => Promise<readonly Finding[]>;

const EVALUATE: Readonly<Record<ReadinessItem, Evaluate>> = {
  ready_calendar: calendarFindings,
  ready_market_rule: marketRuleFindings,
  ready_trade_file: tradeFileFindings,
};

/** Severity where the settings have no row for an item. */
const DEFAULT_SEVERITY: Readonly<Record<ReadinessItem, number>> = {
  ready_calendar: 2,
  ready_market_rule: 2,
  ready_trade_file: 1,
};

/** The day end needs the calendars of every market, since it opens the next ledger date. */
const itemsOf = (flow: string): readonly ReadinessItem[] =>
  flow === DAY_END_FLOW
    ? ['ready_calendar']
    : ['ready_calendar', 'ready_market_rule', 'ready_trade_file'];

/**
 * Evaluates the readiness items (清算前准备) of a flow, each with what it found missing. Items that
 * are switched off are left out. It reads only; a missing calendar or rule is a finding, not an
 * error.
 */
export async function evaluateReadiness(t: Transaction, ref: FlowRef): Promise<ReadinessResult[]> {
  const settings = new Map((await loadReadinessItems(t.tx)).map((row) => [row.item, row]));
  const calendar = await loadClearingCalendar(t.tx);
  const markets = ref.flow === DAY_END_FLOW ? calendar.markets : marketsOfFlow(calendar, ref.flow);
  const results: ReadinessResult[] = [];
  for (const item of itemsOf(ref.flow)) {
    const setting = settings.get(item);
    if (setting?.enabled === false) continue;
    const missing = await EVALUATE[item](t, { ref, calendar, markets });
    results.push({
      item,
      severity: setting?.severity ?? DEFAULT_SEVERITY[item],
      passed: missing.length === 0,
      details: missing.length === 0 ? {} : { missing },
      evidenceHash: missing.length === 0 ? '' : digestOf(missing),
    });
  }
  return results;
}

/** Findings come in a fixed order with their fields in a fixed order, so equal ones read alike. */
const digestOf = (missing: readonly Finding[]): string =>
  createHash('sha256').update(JSON.stringify(missing)).digest('hex');

/** Runs a question to the calendars; what they cannot answer is the finding. */
function findingsOf(market: string, code: ErrorCode, ask: () => unknown): readonly Finding[] {
  try {
    ask();
    return [];
  } catch (error) {
    if (!(error instanceof ClearingError)) throw error;
    return error.code === code ? [{ market, ...error.details }] : [];
  }
}

/** The days that clearing the ledger date asks the calendars about. */
function askCalendars({ calendar, ref }: Question, market: ClearingMarket): void {
  const { union, cycles } = calendar;
  nextLedgerDate(union, ref.ledgerDate);
  const tradeDate = lastTradeDateOf(market, ref.ledgerDate, union);
  const types = new Set(
    cycles.filter((row) => row.market === market.market).map((row) => row.instrumentType),
  );
  for (const instrumentType of types.add(null)) {
    const dates = settlementDatesOf(market, cycles, { instrumentType, tradeDate });
    ledgerDateOf(market, dates.cash, union);
    ledgerDateOf(market, dates.securities, union);
  }
}

async function calendarFindings(_t: Transaction, question: Question): Promise<readonly Finding[]> {
  return question.markets.flatMap((market) =>
    findingsOf(market.market, 'CALENDAR_MISSING', () => {
      askCalendars(question, market);
    }),
  );
}

/** The day by which rules are looked up; a calendar that is missing is another item's finding. */
function ruleDateOf({ calendar, ref }: Question, market: ClearingMarket): BusinessDate {
  try {
    return lastTradeDateOf(market, ref.ledgerDate, calendar.union);
  } catch {
    return ref.ledgerDate;
  }
}

async function marketRuleFindings(t: Transaction, question: Question): Promise<readonly Finding[]> {
  if (question.markets.length === 0) return [{ rule: 'market', flow: question.ref.flow }];
  const findings: Finding[] = [];
  for (const market of question.markets) {
    const onDate = ruleDateOf(question, market);
    findings.push(
      ...findingsOf(market.market, 'MARKET_RULE_MISSING', () =>
        settlementDatesOf(market, question.calendar.cycles, {
          instrumentType: null,
          tradeDate: onDate,
        }),
      ),
    );
    const rules = await loadMarketRules(t.tx, market, onDate);
    const missing = [
      ...(rules.hasFeeRules ? [] : ['feeRules']),
      ...(rules.hasSettlementChannel ? [] : ['settlementChannel']),
      ...(rules.hasCurrencyAsset ? [] : ['currencyAsset']),
    ];
    findings.push(...missing.map((rule) => ({ market: market.market, rule, onDate })));
  }
  return findings;
}

/** A channel is missed only when it had trades: no file comes for a day without any. */
async function tradeFileFindings(t: Transaction, question: Question): Promise<readonly Finding[]> {
  const { calendar, ref } = question;
  const findings: Finding[] = [];
  for (const market of question.markets) {
    const tradeDate = ownTradeDate(calendar, market, ref);
    if (tradeDate === undefined) continue;
    const channels = await channelsWithoutFile(t.tx, market.market, tradeDate);
    if (channels.length === 0) continue;
    const of = { ledgerDate: ref.ledgerDate, market: market.market, tradeDate, channels };
    for (const settlementChannel of await channelsWithTrades(t, of)) {
      findings.push({ market: market.market, settlementChannel, tradeDate });
    }
  }
  return findings;
}

function ownTradeDate(
  calendar: ClearingCalendar,
  market: ClearingMarket,
  ref: FlowRef,
): BusinessDate | undefined {
  try {
    return tradeDateOf(market, ref.ledgerDate, calendar.union);
  } catch (error) {
    if (error instanceof ClearingError && error.code === 'CALENDAR_MISSING') return undefined;
    throw error;
  }
}
