import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORDER_COLUMNS } from '../../domain/front-office/csv-columns.ts';
import type { DemoPerson } from '../../domain/permissions/demo-people.ts';
import { fileRow, sendFile } from '../inbound/support.ts';
import { operationsOf, resolved, type ApiDocument, type Operation } from './document.ts';
import { writeSnapshot } from './snapshot.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

const JSON_TYPE = 'application/json';

/** Tickets, archived runs and evidence need workflows; acceptance tests read those. */
const NEEDS_A_STORY = /tickets\/\{|audit\/runs\/\{|audit\/evidence|audit\/key/;

/** Somebody who may read it. */
const readerOf = (path: string): DemoPerson => {
  if (path.includes('/audit/')) return 'auditor';
  return /\/(people|roles|settings)/.test(path) ? 'admin' : 'operator';
};

const FEE_CONFIGURATION = `
  INSERT INTO fee_scenarios (scenario_id, version, effective_from, definition, added_by)
  VALUES ('hk', 1, '2025-12-22', '{"market": "HK", "feeCode": "COMMISSION"}', 'operator');
  INSERT INTO default_packages (market, account_kind, version, schedule_id, added_by)
  VALUES ('HK', 'CASH', 1, 'sample-hk-retail', 'operator');
  INSERT INTO fx_rates (rate_id, from_currency, to_currency, valid_from, version, rate, source,
    known_from, added_by)
  VALUES (1, 'USD', 'HKD', '2025-12-22', 1, 7.8, 'HKAB', '2025-12-22', 'operator');
  INSERT INTO agent_fee_rules (rule_id, settlement_channel, fee_code, market, version,
    effective_from, definition, added_by, known_from)
  VALUES (1, 'CCASS', 'COMMISSION', 'HK', 1, '2025-12-22', '{"unit": "contract"}', 'operator',
    '2025-12-22')`;

/** The agent charges what the client pays. */
const AGENT_FEE = `
  INSERT INTO agent_fees (ledger_date, contract_id, line, fee_code_id, execution_no, choice_id,
    metric, exact_amount, clamp, amount)
  SELECT ledger_date, contract_id, line, fee_code_id, execution_no, choice_id, metric,
    exact_amount, clamp, amount
  FROM fees WHERE contract_id = $1`;

describe('answers are what the description says', () => {
  let api: ApiUnderTest;
  let document: ApiDocument;
  /** What stands for the parameters of a path. */
  const known: Record<string, string> = {
    ...{ ledgerDate: MON_2025_12_22, flow: 'HK', market: 'HK', scheduleId: 'sample-hk-retail' },
  };
  beforeAll(async () => {
    api = await startApi('sample');
    await writeSnapshot(api.db);
    document = (await api.app.inject('/api/openapi.json')).json<ApiDocument>();
    const file = await sendFile(api, [fileRow('S1'), fileRow('S2', { side: 'HOLD' })]);
    const orders = await api.post('/front-office/imports/orders', undefined, {
      payload: `${ORDER_COLUMNS.join(',')}\n${ORDER_COLUMNS.map(() => 'x').join(',')}`,
      headers: { 'content-type': 'text/csv' },
    });
    const first = async <T>(text: string): Promise<T> =>
      (await api.db.$client.query<{ id: T }>(text)).rows[0]!.id;
    Object.assign(known, {
      orderId: 'ORD-902',
      fileId: file.json<{ fileId: number }>().fileId,
      importId: orders.json<{ importId: string }>().importId,
      contractId: await first('SELECT contract_id AS id FROM fees LIMIT 1'),
      feeId: await first(
        `SELECT ledger_date || '.' || contract_id || '.' || line AS id
         FROM fees JOIN live_contracts USING (ledger_date, contract_id)
         JOIN executions USING (ledger_date, order_no) LIMIT 1`,
      ),
      instrumentId: encodeURIComponent('ST/HK/700'),
      tradeDate: MON_2025_12_22,
      taskId: await first('SELECT task_id AS id FROM check_summaries'),
      journalId: await first('SELECT journal_id AS id FROM journals LIMIT 1'),
      accountNo: await first(
        'SELECT account_no AS id FROM balances JOIN accounts ON account_id = ledger_account_id LIMIT 1',
      ),
      commandId: await first(
        `INSERT INTO commands (command_id, kind, ledger_date, flow, person, payload, payload_hash,
           expires_at, status, code, details, final_at)
         SELECT 'command-1', 'start', ledger_date, flow, 'operator', '{"reason": "go"}', '', now(),
           'REFUSED', 'ALREADY_RUNNING', '{}', now()
         FROM flow_days WHERE flow = 'HK' RETURNING command_id AS id`,
      ),
    });
    await api.db.$client.query(
      `INSERT INTO readiness_results (ledger_date, flow, run, item, severity, passed, details,
         command_id)
       VALUES ($1, 'HK', 1, 'ready_calendar', 2, false, '{"missing": ["2025"]}', 'command-1')`,
      [MON_2025_12_22],
    );
    await api.db.$client.query(
      `INSERT INTO fee_edits (hand_price_no, ledger_date, flow, contract_id, account_id, order_id,
         trade_date, action, fee_totals, fee_amount, net_amount, trade, reason, editor, edited_at)
       SELECT 1, ledger_date, flow, contract_id, account_id, order_id, trade_date, 'AMOUNT',
         fee_totals, fee_amount, net_amount, '', 'a reason', 'operator', now()
       FROM contracts WHERE contract_id = $1`,
      [known['contractId']],
    );
    await api.db.$client.query(
      `INSERT INTO merge_rules (rule_no, merge_rule_id, version, market, effective_from, known_from,
         definition, added_by)
       VALUES (1, 'hk', 1, 'HK', $1, $1, $2, 'operator')`,
      [
        MON_2025_12_22,
        {
          ...{ name: 'Hong Kong', packages: ['sample-hk-retail'], merge: true },
          ...{ greyMarketMerge: false, items: [{ orderSources: [0], mergeTag: 'app' }] },
        },
      ],
    );
    await api.db.$client.query(FEE_CONFIGURATION);
    await api.db.$client.query(AGENT_FEE, [known['contractId']]);
    const supplement = await api.post('/supplements', {
      ledgerDate: MON_2025_12_22,
      accountNo: '20000001',
      instrumentId: 'ST/US/AAPL',
      side: 'BUY',
      settlementChannel: 'IB',
      tradeDate: '2025-12-19',
      executions: [{ quantity: '100', price: '613.5' }],
    });
    expect(supplement.statusCode).toBe(200);
  });
  afterAll(() => api.close());

  const errorsOf = ({ responses }: Operation, status: string, body: unknown): unknown[] => {
    const content = Object.values(responses[status]?.content ?? {});
    const schema = resolved(content[0]?.schema, document) as TSchema;
    return Compile(schema).Errors(body);
  };
  const urlOf = ({ path, parameters }: Operation): string => {
    const query = parameters
      .filter(({ required, in: where }) => required && where === 'query')
      .map(({ name }) => `${name}=${known[name]}`);
    // Lists that must be narrowed are so by an account, which then also shows more of it.
    const takesAccount = parameters.some(
      ({ name, in: where }) => name === 'accountNo' && where === 'query',
    );
    if (takesAccount && !/orders|supplements|fee-rules/.test(path)) {
      query.push(`accountNo=${known['accountNo']}`);
    }
    return `${path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => String(known[name]))}?${query.join('&')}`;
  };

  it('of every read', async () => {
    const reads = operationsOf(document).filter(
      ({ method, path, responses }) =>
        method === 'GET' && responses['200']?.content?.[JSON_TYPE] && !NEEDS_A_STORY.test(path),
    );
    expect(reads.length).toBeGreaterThan(25);
    const wrong: unknown[] = [];
    for (const read of reads) {
      const url = urlOf(read);
      const headers = await api.as(readerOf(read.path));
      const { statusCode, body } = await api.app.inject({ url, headers });
      const expected = read.operationId === 'getHealth' ? 503 : 200;
      const errors = errorsOf(read, String(expected), JSON.parse(body));
      if (statusCode !== expected || errors.length > 0) wrong.push({ url, statusCode, errors });
      const { items } = JSON.parse(body) as { readonly items?: readonly unknown[] };
      const mayBeEmpty =
        /\/(tickets|contract-amendments|audit\/(runs|roots|events)|settings\/versions)\?/.test(url);
      if (items?.length === 0 && !mayBeEmpty) wrong.push({ url, items });
    }
    expect(wrong).toEqual([]);
  });

  it('of a command and of a problem', async () => {
    const start = operationsOf(document).find(({ operationId }) => operationId === 'startFlow')!;
    const path = `/ledger-dates/${MON_2025_12_22}/flows/HK/start`;
    expect(errorsOf(start, '200', (await api.post(path)).json())).toEqual([]);
    api.answer = { kind: 'undecided' };
    expect(errorsOf(start, '202', (await api.post(path)).json())).toEqual([]);
    api.answer = { kind: 'refused', repeated: false, code: 'ALREADY_RUNNING', details: {} };
    expect(errorsOf(start, '4XX', (await api.post(path)).json())).toEqual([]);
  });
});
