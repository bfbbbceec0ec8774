import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readJournal, readJournals } from '../../db/queries/journals.ts';
import type { JournalKind } from '../../domain/ledger/journal.ts';
import {
  Amount,
  Day,
  FlowId,
  Id,
  list,
  nullable,
  oneOf,
  shape,
  strict,
  Word,
} from '../schemas/fields.ts';
import { AssetKind, Holder } from '../schemas/ledger.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const config = { permission: 'clearing.ledger_query' } as const;
const tags = ['ledger'];
const KINDS = [
  'opening',
  'tradePosting',
  'cashSettlement',
  'securitiesSettlement',
  'tradePostingReversal',
  'cashSettlementReversal',
  'securitiesSettlementReversal',
] as const satisfies readonly JournalKind[];

const Journal = shape({
  journalId: Type.Integer(),
  ledgerDate: Day,
  kind: oneOf(KINDS),
  flow: Type.String(),
  generation: Type.Integer(),
  stepRunId: Type.Integer(),
  sourceKind: oneOf(['contract', 'opening']),
  sourceId: Type.Integer(),
  accountNo: nullable(Type.String()),
  valueDate: Day,
  reversesJournalId: nullable(Type.Integer()),
  postings: list(
    shape({
      line: Type.Integer(),
      ledgerAccountId: Type.Integer(),
      ledgerAccount: Type.String(),
      holder: Holder,
      asset: Type.String(),
      assetKind: AssetKind,
      bucket: oneOf(['settled', 'unsettled', 'frozen']),
      settlementDate: nullable(Day),
      amount: Amount,
    }),
  ),
});

export const journalRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/journals',
    {
      config,
      schema: {
        operationId: 'listJournals',
        tags,
        summary: 'Journals with postings; one of ledgerDate, contractId, accountNo is needed',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Type.Optional(Day),
          contractId: Type.Optional(Id),
          accountNo: Type.Optional(Word),
          flow: Type.Optional(FlowId),
          kind: Type.Optional(oneOf(KINDS)),
          stepRunId: Type.Optional(Id),
        }),
        response: { 200: pageOf(Journal) },
      },
    },
    async ({ query }) => readJournals(reader, query),
  );
  app.get(
    '/journals/:journalId',
    {
      config,
      schema: {
        operationId: 'getJournal',
        tags,
        summary: 'One journal with its postings',
        params: strict({ journalId: Id }),
        response: { 200: Journal },
      },
    },
    async ({ params }) => readJournal(reader, params.journalId),
  );
};
