import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readContract, readContracts } from '../../db/queries/contracts.ts';
import { readFees } from '../../db/queries/fees.ts';
import { pageOfAll } from '../../db/queries/page.ts';
import { Contract, Fee, StateFilter } from '../schemas/contract.ts';
import { Day, FlowId, Id, strict, Word } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf, WHOLE_QUERY } from '../schemas/page.ts';

const config = { permission: 'clearing.ledger_query' } as const;
const tags = ['contracts'];
const ContractParams = strict({ contractId: Id });

export const contractRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/contracts',
    {
      config,
      schema: {
        operationId: 'listContracts',
        tags,
        summary: 'Contracts with their state; one of ledgerDate, accountNo, orderId is needed',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Type.Optional(Day),
          accountNo: Type.Optional(Word),
          orderId: Type.Optional(Word),
          flow: Type.Optional(FlowId),
          state: Type.Optional(StateFilter),
          handPriced: Type.Optional(Type.Boolean()),
        }),
        response: { 200: pageOf(Contract) },
      },
    },
    async ({ query }) => readContracts(reader, query),
  );
  app.get(
    '/contracts/:contractId',
    {
      config,
      schema: {
        operationId: 'getContract',
        tags,
        summary: 'One contract, also one that no longer counts',
        params: ContractParams,
        response: { 200: Contract },
      },
    },
    async ({ params }) => readContract(reader, params.contractId),
  );
  app.get(
    '/contracts/:contractId/fees',
    {
      config,
      schema: {
        operationId: 'listFees',
        tags,
        summary: 'Every fee of a contract as the rules gave it, explained to the cent',
        params: ContractParams,
        querystring: strict(WHOLE_QUERY),
        response: { 200: pageOf(Fee) },
      },
    },
    async ({ params: { contractId }, query }) =>
      pageOfAll(await readFees(reader, contractId), `fees of ${contractId}`, query),
  );
};
