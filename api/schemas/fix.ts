import Type from 'typebox';
import { FIX_STATUSES } from '../../domain/clearing/manual-pass.ts';
import { Instant, list, nullable, oneOf, shape } from './fields.ts';

/** What a check or a readiness item shows of being passed by hand. */
export const FIX = {
  fixStatus: oneOf(FIX_STATUSES),
  fixTicketId: nullable(
    Type.String({ description: 'The newest ticket about just these differences.' }),
  ),
  manualPass: nullable(
    shape({
      ticketId: Type.String(),
      maker: Type.String(),
      approvers: list(Type.String()),
      passedAt: Instant,
    }),
  ),
};
