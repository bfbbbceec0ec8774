import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readSettings, readSettingVersions } from '../../db/queries/settings.ts';
import { SETTING_KINDS } from '../../domain/settings/settings.ts';
import {
  Anything,
  Instant,
  list,
  nullable,
  oneOf,
  shape,
  strict,
  Word,
} from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const config = { permission: 'lb_hk_clearing.clearing_busin_steps' } as const;
const tags = ['settings'];

const Setting = shape({
  setting: Type.String(),
  kind: oneOf(SETTING_KINDS),
  name: Type.String(),
  version: Type.Integer({ description: 'How often it was changed; what a ticket is asked for.' }),
  value: Anything,
  changedBy: nullable(Type.String()),
  changedAt: nullable(Instant),
  ticketId: nullable(Type.String()),
});

const SettingVersion = shape({
  setting: Type.String(),
  version: Type.Integer(),
  before: nullable(Anything),
  after: Anything,
  changedBy: Type.String(),
  approvedBy: list(Type.String()),
  ticketId: nullable(Type.String()),
  changedAt: Instant,
});

/** Settings are changed by ticket only: clearing.update_system_config.exec. */
export const settingRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/settings',
    {
      config,
      schema: {
        operationId: 'listSettings',
        tags,
        summary: 'Readiness items, channel matching and the cutoff, as they are set now',
        response: { 200: shape({ items: list(Setting), nextCursor: nullable(Type.String()) }) },
      },
    },
    async () => ({ items: await readSettings(reader), nextCursor: null }),
  );
  app.get(
    '/settings/versions',
    {
      config,
      schema: {
        operationId: 'listSettingVersions',
        tags,
        summary: 'What settings were before and after each change, and who asked and consented',
        querystring: strict({ ...PAGE_QUERY, setting: Type.Optional(Word) }),
        response: { 200: pageOf(SettingVersion) },
      },
    },
    async ({ query }) => readSettingVersions(reader, query),
  );
};
