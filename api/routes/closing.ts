import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readClosing } from '../../db/queries/closing.ts';
import {
  Amount,
  Anything,
  Day,
  Instant,
  list,
  nullable,
  oneOf,
  shape,
  strict,
} from '../schemas/fields.ts';
import { AssetTotal, TrialBalanceLine } from '../schemas/ledger.ts';

const Closing = shape({
  ledgerDate: Day,
  status: oneOf(['OPEN', 'CUT']),
  contracts: list(
    shape({
      flow: Type.String(),
      state: Type.Integer(),
      currency: Type.String(),
      count: Type.Integer(),
      grossAmount: Amount,
      feeAmount: Amount,
      calculateOutAmount: Amount,
      handPriced: Type.Integer(),
    }),
  ),
  handPrices: list(
    shape({
      flow: Type.String(),
      orderId: Type.String(),
      contractId: Type.Integer(),
      counts: Type.Boolean(),
      calculateOutAmount: Amount,
      billAmount: Amount,
      editor: Type.String(),
      editedAt: Instant,
      reason: Type.String(),
    }),
    { description: 'What people priced by hand, who and why; counts: its contract is billed.' },
  ),
  exceptions: list(shape({ flow: Type.String(), reason: Type.String(), count: Type.Integer() })),
  fees: list(
    shape({
      feeCode: Type.String(),
      currency: Type.String(),
      rows: Type.Integer(),
      amount: Amount,
      calculateOutAmount: Amount,
    }),
  ),
  agentFees: list(
    shape({
      settlementChannel: Type.String(),
      feeCode: Type.String(),
      currency: Type.String(),
      rows: Type.Integer(),
      amount: Amount,
    }),
    { description: 'What agents charge the house; empty where no agent charges anything.' },
  ),
  journals: list(
    shape({
      flow: Type.String(),
      kind: Type.String(),
      journals: Type.Integer(),
      postings: Type.Integer(),
    }),
  ),
  trialBalance: list(AssetTotal, { description: 'As of the end of the date; each total is zero.' }),
  cash: list(TrialBalanceLine),
  positions: list(TrialBalanceLine, { description: 'Of clients.' }),
  steps: list(
    shape({
      flow: Type.String(),
      step: Type.String(),
      generation: Type.Integer(),
      pass: Type.Integer(),
      status: Type.String(),
      startedAt: Instant,
      finishedAt: nullable(Instant),
      ms: nullable(Type.Integer()),
      rowsDone: Type.Integer(),
      discarded: Type.Boolean(),
    }),
  ),
  invariants: list(shape({ name: Type.String(), ok: Type.Boolean(), details: Anything }), {
    description: 'What must hold of the books, asked of PostgreSQL now.',
  }),
});

export const closingRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db } = app.daycut;
  app.get(
    '/ledger-dates/:ledgerDate/closing',
    {
      config: { permission: 'clearing.ledger_query' },
      schema: {
        operationId: 'getClosing',
        tags: ['ledger'],
        summary: 'The closing table of a ledger date, with the invariants of the books',
        params: strict({ ledgerDate: Day }),
        response: { 200: Closing },
      },
    },
    async ({ params }) => readClosing(db, params.ledgerDate),
  );
};
