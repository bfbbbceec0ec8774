import { createHash, randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import {
  loadFrontOfficeFacts,
  storeImportErrors,
  takeIn,
  type FrontOfficeKind,
} from '../../db/front-office.repository.ts';
import { readImportErrors } from '../../db/queries/import-errors.ts';
import { storeAnswer } from '../../db/request-answers.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import {
  EXECUTION_COLUMNS,
  OPTIONAL_ORDER_COLUMNS,
  ORDER_COLUMNS,
} from '../../domain/front-office/csv-columns.ts';
import type { RowError } from '../../domain/front-office/row-reader.ts';
import { rowsRefused, SHOWN_ERRORS } from '../../domain/front-office/row-refusal.ts';
import {
  byColumn,
  csvBodyOf,
  IMPORT_LIMIT_BYTES,
  judgesBodyLater,
  readCsv,
  takeOnlyCsv,
} from '../csv.ts';
import { itemsOf } from '../items.ts';
import { shape, strict } from '../schemas/fields.ts';
import {
  AccountBody,
  CsvBody,
  ExecutionBody,
  InstrumentBody,
  OrderBody,
  RowErrorSchema,
} from '../schemas/inbound.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const config = { permission: 'clearing.front_office_write' as const };
const tags = ['front office'];
const Intake = {
  rows: Type.Integer(),
  added: Type.Integer({ description: 'Rows with an id that was unknown.' }),
  replaced: Type.Integer({ description: 'Rows that replaced a lower version.' }),
  unchanged: Type.Integer({ description: 'Repetitions of what is stored.' }),
};

interface JsonRoute {
  readonly kind: FrontOfficeKind;
  readonly operationId: string;
  readonly summary: string;
  readonly body: ReturnType<typeof strict>;
}

const JSON_ROUTES: readonly JsonRoute[] = [
  {
    kind: 'orders',
    operationId: 'sendOrders',
    summary: 'Send orders; idempotent by orderId and version',
    body: OrderBody,
  },
  {
    kind: 'executions',
    operationId: 'sendExecutions',
    summary: 'Send executions; idempotent by executionId and version',
    body: ExecutionBody,
  },
  {
    kind: 'accounts',
    operationId: 'sendAccounts',
    summary: 'Send accounts; idempotent by accountNo and version',
    body: AccountBody,
  },
  {
    kind: 'instruments',
    operationId: 'sendInstruments',
    summary: 'Send instruments; idempotent by instrumentId and version',
    body: InstrumentBody,
  },
];

const CSV_ROUTES = [
  {
    kind: 'orders',
    operationId: 'importOrders',
    columns: ORDER_COLUMNS,
    optional: OPTIONAL_ORDER_COLUMNS,
  },
  { kind: 'executions', operationId: 'importExecutions', columns: EXECUTION_COLUMNS, optional: [] },
] as const;

/** Rows of JSON: all of them are written, or none and each error is named. */
async function takeJson(app: FastifyInstance, kind: FrontOfficeKind, body: unknown) {
  const { db, clock } = app.daycut;
  const rows = itemsOf(body);
  return inTransaction(db, async (t) => {
    const errors: RowError[] = [];
    const facts = await loadFrontOfficeFacts(t.tx, clock.now());
    const result = await takeIn(t, kind, facts, [rows], (more) => void errors.push(...more));
    if (errors.length > 0) throw rowsRefused(errors);
    return result;
  });
}

/** Rows of a file: the good ones are written, the bad ones listed, in one transaction. */
async function takeCsv(
  app: FastifyInstance,
  kind: FrontOfficeKind,
  file: {
    readonly body: Buffer;
    readonly columns: readonly string[];
    readonly optional: readonly string[];
    readonly person: string;
  },
) {
  const { db, clock } = app.daycut;
  const importId = randomUUID();
  const requestHash = createHash('sha256').update(kind).update(file.body).digest('hex');
  const request = { requestId: importId, requestHash, person: file.person };
  return inTransaction(db, async (t) => {
    const shown: RowError[] = [];
    let all = 0;
    const facts = await loadFrontOfficeFacts(t.tx, clock.now());
    const batches = readCsv(file.body, file.columns, file.optional);
    const result = await takeIn(t, kind, facts, batches, async (found) => {
      const errors = byColumn(found);
      all += errors.length;
      shown.push(...errors.slice(0, SHOWN_ERRORS - shown.length));
      await storeImportErrors(t, importId, errors);
    });
    const answer = { importId, ...result, errorsOmitted: all - shown.length };
    await storeAnswer(t, { ...request, kind: 'frontOfficeImport' }, answer);
    return { ...answer, errors: shown };
  });
}

const csvRoutes: FastifyPluginAsyncTypebox = async (app) => {
  takeOnlyCsv(app);
  for (const { kind, operationId, columns, optional } of CSV_ROUTES) {
    app.post(
      `/front-office/imports/${kind}`,
      {
        config,
        bodyLimit: IMPORT_LIMIT_BYTES,
        validatorCompiler: judgesBodyLater,
        schema: {
          operationId,
          tags,
          summary: `Import ${kind} as CSV: good rows are kept, bad ones listed`,
          description:
            `UTF-8 with the header ${columns.join(',')}` +
            (optional.length === 0 ? '' : `; ${optional.join(',')} may follow`),
          consumes: ['text/csv'],
          body: CsvBody,
          response: {
            200: shape({
              importId: Type.String(),
              ...Intake,
              bad: Type.Integer({ description: 'Rows left out.' }),
              errors: Type.Array(RowErrorSchema),
              errorsOmitted: Type.Integer(),
            }),
          },
        },
      },
      async (request) =>
        takeCsv(app, kind, {
          ...{ body: csvBodyOf(request), columns, optional },
          person: request.person.id,
        }),
    );
  }
};

/** What the front office sends: rows of JSON, files, and the errors of files. */
export const frontOfficeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  for (const { kind, operationId, summary, body } of JSON_ROUTES) {
    app.post(
      `/front-office/${kind}`,
      {
        config,
        bodyLimit: IMPORT_LIMIT_BYTES,
        validatorCompiler: judgesBodyLater,
        schema: {
          operationId,
          tags,
          summary,
          body: Type.Union([body, strict({ items: Type.Array(body, { minItems: 1 }) })]),
          response: { 200: shape(Intake) },
        },
      },
      async (request) => takeJson(app, kind, request.body),
    );
  }
  app.get(
    '/front-office/imports/:importId/errors',
    {
      config: { permission: 'lb_hk_clearing.clearing_busin_steps' },
      schema: {
        operationId: 'listImportErrors',
        tags,
        summary: 'What was wrong with the rows that an import left out',
        params: strict({ importId: Type.String({ format: 'uuid' }) }),
        querystring: strict(PAGE_QUERY),
        response: { 200: pageOf(RowErrorSchema) },
      },
    },
    async ({ params, query }) => readImportErrors(app.daycut.db.$client, params.importId, query),
  );
  await app.register(csvRoutes);
};
