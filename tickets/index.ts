// The registry of ticket keys: adding one is a file beside this one and a name in this list.
import { accountPackage } from './account-package.ts';
import { agentFeeVersion } from './agent-fee-version.ts';
import { approvalFlow } from './approval-flow.ts';
import { checkPass } from './check-pass.ts';
import { contractRevise } from './contract-revise.ts';
import { defaultPackage } from './default-package.ts';
import { earlyCutoff } from './early-cutoff.ts';
import { feeRuleVersion } from './fee-rule-version.ts';
import { feeScenarioVersion } from './fee-scenario-version.ts';
import { mergeRuleVersion } from './merge-rule-version.ts';
import { fxRates } from './fx-rates.ts';
import { personRoles } from './person-roles.ts';
import { reClearing } from './re-clearing.ts';
import { readinessPass } from './readiness-pass.ts';
import { systemConfig } from './system-config.ts';
import { kindsOf, type TicketKinds } from './ticket-kind.ts';

export const TICKET_KINDS: TicketKinds = kindsOf(
  reClearing,
  earlyCutoff,
  checkPass,
  readinessPass,
  systemConfig,
  feeRuleVersion,
  feeScenarioVersion,
  agentFeeVersion,
  accountPackage,
  defaultPackage,
  mergeRuleVersion,
  fxRates,
  contractRevise,
  personRoles,
  approvalFlow(() => [...TICKET_KINDS.keys()]),
);
