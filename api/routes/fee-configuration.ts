import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  readDefaultPackages,
  readFeePackages,
  readFeeScenarios,
  readFxRates,
  readPackageAccounts,
} from '../../db/queries/fee-configuration.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ACCOUNT_KINDS } from '../../domain/trades/trade.ts';
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
  Word,
} from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const ORIGIN = {
  addedBy: Type.String(),
  approvedBy: list(Type.String()),
  ticketId: nullable(Type.String()),
  addedAt: Instant,
};

const Scenario = shape({
  scenarioId: Type.String(),
  version: Type.Integer(),
  market: Type.String(),
  feeCode: Type.String(),
  effectiveFrom: Day,
  definition: Anything,
  ruleCount: Type.Integer({ description: 'Rules that this version issued.' }),
  ...ORIGIN,
});

const Package = shape({
  market: Type.String(),
  scheduleId: Type.String(),
  effectiveFrom: Type.Unsafe<string>({
    ...Day,
    description: 'The first day of its earliest rule; its rules are in GET /fee-rules.',
  }),
  ruleCount: Type.Integer(),
  accountCount: Type.Integer({ description: 'Accounts that have it on the day asked about.' }),
  ...ORIGIN,
});

const Member = shape({
  accountNo: Type.String(),
  effectiveFrom: Day,
  effectiveTo: nullable(Day),
  ticketId: nullable(
    Type.String({ description: 'Null for a default at its opening, or data it was loaded with.' }),
  ),
});

const DefaultPackage = shape({
  market: Type.String(),
  accountKind: oneOf(ACCOUNT_KINDS),
  version: Type.Integer(),
  scheduleId: nullable(Type.String()),
  current: Type.Boolean({ description: 'Whether it is what accounts get that come now.' }),
  ...ORIGIN,
});

const Rate = shape({
  rateId: Type.Integer(),
  from: Type.String(),
  to: Type.String(),
  rate: Type.Unsafe<string>({ ...Amount, description: 'Units of `to` for one of `from`.' }),
  validFrom: Day,
  version: Type.Integer(),
  source: Type.String(),
  knownFrom: Type.Unsafe<string>({
    ...Day,
    description: 'The ledger date that was open then: no earlier one is billed by it.',
  }),
  ...ORIGIN,
});

const tags = ['fees'];
const onDay = {
  tradeDate: Type.Optional(
    Type.Unsafe<BusinessDate>({ ...Day, description: 'The newest ledger date unless said.' }),
  ),
};
const ofMarket = { market: Type.Optional(Word) };

/** What rules are made of. All of it is entered by ticket, and none is edited. */
export const feeConfigurationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/fee-scenarios',
    {
      config: { permission: 'lb_hk_charging.lb_hk_scene_query' },
      schema: {
        operationId: 'listFeeScenarios',
        tags,
        summary: 'Every version of every fee scenario, and who entered it by which ticket',
        querystring: strict({ ...PAGE_QUERY, ...ofMarket, scenarioId: Type.Optional(Word) }),
        response: { 200: pageOf(Scenario) },
      },
    },
    async ({ query }) => {
      const page = await readFeeScenarios(reader, query);
      const items = page.items.map((row) => ({ ...row, definition: { ...row.definition } }));
      return { ...page, items };
    },
  );
  app.get(
    '/fx-rates',
    {
      config: { permission: 'clearing.ledger_query' },
      schema: {
        operationId: 'listFxRates',
        tags,
        summary: 'Exchange rates of fees in every version, in the order in which they were added',
        querystring: strict({
          ...PAGE_QUERY,
          from: Type.Optional(Word),
          to: Type.Optional(Word),
        }),
        response: { 200: pageOf(Rate) },
      },
    },
    async ({ query }) => readFxRates(reader, query),
  );
};

/** Who has which package: by ticket, or by default when an account comes. */
export const feePackageRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/fee-packages',
    {
      config: { permission: 'lb_hk_charging.lb_hk_billingpackage_query' },
      schema: {
        operationId: 'listFeePackages',
        tags,
        summary: 'Packages, with the number of their rules and of the accounts that have them',
        querystring: strict({ ...PAGE_QUERY, ...ofMarket, ...onDay }),
        response: { 200: pageOf(Package) },
      },
    },
    async ({ query }) => readFeePackages(reader, query),
  );
  app.get(
    '/fee-packages/:market/:scheduleId/accounts',
    {
      config: { permission: 'lb_hk_charging.lb_hk_billingpackage_query' },
      schema: {
        operationId: 'listPackageAccounts',
        tags,
        summary: 'The accounts that have a package on a day',
        params: strict({ market: Word, scheduleId: Word }),
        querystring: strict({ ...PAGE_QUERY, ...onDay }),
        response: { 200: pageOf(Member) },
      },
    },
    async ({ params, query }) => readPackageAccounts(reader, params, query),
  );
  app.get(
    '/default-packages',
    {
      config: { permission: 'lb_hk_charging.lb_hk_billing_org_package_ref_list' },
      schema: {
        operationId: 'listDefaultPackages',
        tags,
        summary: 'Which package new accounts of a kind get, in every version',
        querystring: strict({ ...PAGE_QUERY, ...ofMarket }),
        response: { 200: pageOf(DefaultPackage) },
      },
    },
    async ({ query }) => readDefaultPackages(reader, query),
  );
};
