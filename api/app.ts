import { randomUUID } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { holderOfAccount } from '../db/people.repository.ts';
import type { ApiDependencies } from './dependencies.ts';
import { FlowFeed } from './flow-feed.ts';
import { addAudit, signInNotes } from './plugins/audit.ts';
import { addAuth } from './plugins/auth.ts';
import { addBodies } from './plugins/bodies.ts';
import { MALFORMED_HTTP } from './plugins/malformed-http.ts';
import { addOpenApi, addRouteConventions } from './plugins/openapi.ts';
import { addProblems } from './plugins/problems.ts';
import { addRequestLog } from './plugins/request-log.ts';
import { addValidation } from './plugins/validation.ts';
import { API_PREFIX } from './prefix.ts';
import { auditLogRoutes } from './routes/audit-log.ts';
import { auditRunRoutes, replayRoutes } from './routes/audit-runs.ts';
import { balanceRoutes } from './routes/balances.ts';
import { checkRoutes } from './routes/checks.ts';
import { closingRoutes } from './routes/closing.ts';
import { commandRoutes } from './routes/commands.ts';
import { contractAmendmentRoutes } from './routes/contract-amendments.ts';
import { contractBillRoutes, feeEditRoutes, handPriceRoutes } from './routes/contract-fees.ts';
import { agentFeeRoutes } from './routes/agent-fees.ts';
import { contractRoutes } from './routes/contracts.ts';
import { evidenceRoutes } from './routes/evidence.ts';
import { feeExplanationRoutes } from './routes/fee-explanations.ts';
import { feeConfigurationRoutes, feePackageRoutes } from './routes/fee-configuration.ts';
import { feeRuleRoutes } from './routes/fee-rules.ts';
import { mergeRuleRoutes } from './routes/merge-rules.ts';
import { feeSimulationRoutes } from './routes/fee-simulation.ts';
import { finalFeeRoutes } from './routes/final-fees.ts';
import { dayCutRoutes, flowCommandRoutes, revokeRoutes } from './routes/flow-commands.ts';
import { flowEventRoutes } from './routes/flow-events.ts';
import { flowRoutes } from './routes/flows.ts';
import { frontOfficeRoutes } from './routes/front-office.ts';
import { healthRoutes } from './routes/health.ts';
import { journalRoutes } from './routes/journals.ts';
import { ledgerDateRoutes } from './routes/ledger-dates.ts';
import { orderChannelRoutes } from './routes/order-channel.ts';
import { orderRoutes } from './routes/orders.ts';
import { devTokenRoutes, peopleRoutes, registrationRoutes } from './routes/people.ts';
import { referenceRoutes } from './routes/reference.ts';
import { settingRoutes } from './routes/settings.ts';
import { stampDutyRoutes } from './routes/stamp-duty.ts';
import { supplementRoutes } from './routes/supplements.ts';
import { ticketFlowRoutes } from './routes/ticket-flows.ts';
import { ticketDecisionRoutes, ticketRoutes } from './routes/tickets.ts';
import { tradeFileRoutes } from './routes/trade-files.ts';
import { trialBalanceRoutes } from './routes/trial-balance.ts';

const BODY_LIMIT_BYTES = 1_048_576;
/** Long enough for ten megabytes over a slow line. */
const REQUEST_TIMEOUT_MS = 120_000;
const KEEP_ALIVE_MS = 72_000;

export interface AppDependencies extends ApiDependencies {
  /** A pino logger; none = silent. */
  readonly logger?: FastifyBaseLogger | undefined;
}

/**
 * The whole HTTP side, ready to listen or to be injected into. Routes are registered by name, so
 * that a search for one finds where it is served.
 */
export async function buildApp({ logger, ...deps }: AppDependencies): Promise<FastifyInstance> {
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    ...MALFORMED_HTTP,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Every id in the log is ours: one from outside could be forged or repeated.
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    // Its lines would show whole URLs, and an event stream's can hold a token.
    logController: new LogController({ disableRequestLogging: true }),
    // A HEAD of an event stream would be a stream that nobody reads.
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
  }).withTypeProvider<TypeBoxTypeProvider>();

  const onError = (error: unknown) => app.log.warn({ err: error }, 'live progress');
  const feed = new FlowFeed({ db: deps.db, clock: deps.clock, onError });
  app.decorate('daycut', { ...deps, feed });
  // Before the server waits for its connections: event streams would keep it waiting for ever.
  app.addHook('preClose', () => feed.close());
  addRequestLog(app);
  addProblems(app);
  addValidation(app);
  addBodies(app);
  addRouteConventions(app);
  addAuth(app, deps.auth, (account) => holderOfAccount(deps.db, account), signInNotes(deps.db));
  addAudit(app, deps.db);
  await addOpenApi(app);
  await app.register(async (api) => registerRoutes(api, deps), { prefix: API_PREFIX });
  await app.ready();
  return app;
}

async function registerRoutes(
  api: FastifyInstance,
  deps: Pick<AppDependencies, 'devIssuer'>,
): Promise<void> {
  await api.register(healthRoutes);
  if (deps.devIssuer) await api.register(devTokenRoutes);
  await api.register(peopleRoutes);
  await api.register(registrationRoutes);
  await api.register(ledgerDateRoutes);
  await api.register(flowRoutes);
  await api.register(flowEventRoutes);
  await api.register(flowCommandRoutes);
  await api.register(revokeRoutes);
  await api.register(dayCutRoutes);
  await api.register(commandRoutes);
  await api.register(ticketRoutes);
  await api.register(ticketDecisionRoutes);
  await api.register(ticketFlowRoutes);
  await api.register(orderRoutes);
  await api.register(checkRoutes);
  await api.register(contractRoutes);
  await api.register(contractBillRoutes);
  await api.register(feeEditRoutes);
  await api.register(handPriceRoutes);
  await api.register(contractAmendmentRoutes);
  await api.register(journalRoutes);
  await api.register(balanceRoutes);
  await api.register(trialBalanceRoutes);
  await api.register(closingRoutes);
  await api.register(referenceRoutes);
  await api.register(stampDutyRoutes);
  await api.register(feeRuleRoutes);
  await api.register(agentFeeRoutes);
  await api.register(mergeRuleRoutes);
  await api.register(feeConfigurationRoutes);
  await api.register(feePackageRoutes);
  await api.register(feeExplanationRoutes);
  await api.register(feeSimulationRoutes);
  await api.register(finalFeeRoutes);
  await api.register(settingRoutes);
  await api.register(frontOfficeRoutes);
  await api.register(tradeFileRoutes);
  await api.register(supplementRoutes);
  await api.register(orderChannelRoutes);
  await api.register(auditRunRoutes);
  await api.register(replayRoutes);
  await api.register(evidenceRoutes);
  await api.register(auditLogRoutes);
}
