import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import { readTradeFile, readTradeFiles } from '../../db/queries/trade-files.ts';
import { answerOnce } from '../../db/request-answers.repository.ts';
import { importTradeFile } from '../../db/trade-files.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import { TRADE_FILE_COLUMNS } from '../../domain/matching/trade-file-row.ts';
import { actorOf } from '../audit-actor.ts';
import { csvBodyOf, IMPORT_LIMIT_BYTES, judgesBodyLater, readCsv, takeOnlyCsv } from '../csv.ts';
import { replyOnce } from '../reply-once.ts';
import { CommandHeaders } from '../schemas/command.ts';
import { Day, Id, Instant, line, nullable, oneOf, shape, strict, Word } from '../schemas/fields.ts';
import { CsvBody, RowErrorSchema } from '../schemas/inbound.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const view = { permission: 'lb_hk_clearing.clearing_busin_steps' } as const;
const tags = ['trade files'];

const FILE = {
  fileId: Type.Integer(),
  market: Type.String(),
  settlementChannel: Type.String(),
  tradeDate: Day,
  name: Type.String(),
  sha256: Type.String(),
  status: oneOf(['CURRENT', 'REPLACED']),
  rowCount: Type.Integer({ description: 'Good rows.' }),
  badRowCount: Type.Integer({ description: 'Rows left out.' }),
  importedBy: Type.String(),
  importedAt: Instant,
};
const FileWithErrors = shape({
  ...FILE,
  errors: Type.Array(RowErrorSchema, { description: 'The first 1,000 of them.' }),
});
const Imported = shape({
  ...FILE,
  errors: Type.Array(RowErrorSchema),
  unchanged: Type.Boolean({ description: 'The current file had this content already.' }),
  replacedFileId: nullable(Type.Integer()),
  preCheckInvalidated: Type.Boolean({ description: 'The pre-check has to be repeated.' }),
});

const importRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, clock } = app.daycut;
  takeOnlyCsv(app);
  app.post(
    '/trade-files',
    {
      config: { permission: 'clearing.trade_file_write' },
      bodyLimit: IMPORT_LIMIT_BYTES,
      validatorCompiler: judgesBodyLater,
      schema: {
        operationId: 'importTradeFile',
        tags,
        summary: 'Import a counterparty trade file; it replaces the former one',
        description: `UTF-8 with the header ${TRADE_FILE_COLUMNS.join(',')}`,
        consumes: ['text/csv'],
        headers: CommandHeaders,
        querystring: strict({
          market: Word,
          settlementChannel: Word,
          tradeDate: Day,
          name: line(200),
        }),
        body: CsvBody,
        response: { 200: Imported },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const body = csvBodyOf(request);
      const sha256 = createHash('sha256').update(body).digest('hex');
      const requestId = request.headers['idempotency-key'];
      const requestHash = createHash('sha256')
        .update(
          JSON.stringify([query.market, query.settlementChannel, query.tradeDate, query.name]),
        )
        .update(sha256)
        .digest('hex');
      const person = request.person.id;
      const keyed = { requestId, kind: 'tradeFile' as const, requestHash, person };
      const given = await inTransaction(db, async (t) =>
        answerOnce(t, keyed, async () => {
          const file = { ...query, sha256, requestId, person, now: clock.now() };
          const imported = await importTradeFile(t, file, readCsv(body, TRADE_FILE_COLUMNS));
          const { errors, ...stored } = await readTradeFile(t.client, imported.fileId);
          await recordAuditEvent(t.tx, {
            ...actorOf(request),
            action: 'trade_file.import',
            outcome: 'ACCEPTED',
            targetType: 'trade_file',
            targetId: String(imported.fileId),
            before: { fileId: imported.replacedFileId },
            after: stored,
          });
          return { ...stored, errors, ...imported };
        }),
      );
      return replyOnce(reply, given);
    },
  );
};

/** Counterparty trade files: what the pre-check compares our trades with. */
export const tradeFileRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db } = app.daycut;
  app.get(
    '/trade-files',
    {
      config: view,
      schema: {
        operationId: 'listTradeFiles',
        tags,
        summary: 'Trade files, newest first',
        querystring: strict({
          market: Type.Optional(Word),
          settlementChannel: Type.Optional(Word),
          tradeDate: Type.Optional(Day),
          status: Type.Optional(oneOf(['CURRENT', 'REPLACED'])),
          ...PAGE_QUERY,
        }),
        response: { 200: pageOf(shape(FILE)) },
      },
    },
    async ({ query }) => readTradeFiles(db.$client, query),
  );
  app.get(
    '/trade-files/:fileId',
    {
      config: view,
      schema: {
        operationId: 'getTradeFile',
        tags,
        summary: 'One trade file with the rows that were left out',
        params: strict({ fileId: Id }),
        response: { 200: FileWithErrors },
      },
    },
    async ({ params }) => readTradeFile(db.$client, params.fileId),
  );
  await app.register(importRoutes);
};
