import type { FastifyReply, FastifyRequest } from 'fastify';
import { readFlowView } from '../db/queries/flow-view.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { CommandKind } from '../domain/clearing/commands.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { actorOf } from './audit-actor.ts';
import { API_PREFIX } from './prefix.ts';
import { sayRepeated } from './reply-once.ts';
import { seesLedger, visibleFlow } from './visible-flow.ts';

/** A command as its route reads it from the request. */
export interface AskedCommand extends FlowRef {
  readonly kind: CommandKind;
  readonly revision?: number | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * Submits a command under the request's Idempotency-Key and answers with its outcome: applied, not
 * known yet, or refused, and then with the state that refused it, so that a screen can refresh.
 */
export async function replyToCommand(
  request: FastifyRequest,
  reply: FastifyReply,
  { revision, ...asked }: AskedCommand,
) {
  const { commands, db, clock } = request.server.daycut;
  const commandId = String(request.headers['idempotency-key']);
  const answer = await commands.submit({
    ...asked,
    commandId,
    person: request.person.id,
    origin: actorOf(request),
    ...(revision === undefined ? {} : { revision }),
  });
  const view = await readFlowView(db, asked, clock.now());
  const flow = visibleFlow(view, seesLedger(request.person));
  if (answer.kind === 'undecided') {
    void reply.code(202).header('location', `${API_PREFIX}/commands/${commandId}`);
    return { commandId, status: 'RECORDED' as const, flow };
  }
  if (answer.repeated) sayRepeated(reply);
  if (answer.kind === 'refused') {
    throw new ClearingError(answer.code, { ...answer.details, commandId, state: flow });
  }
  return { commandId, status: 'APPLIED' as const, flow };
}
