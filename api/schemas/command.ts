import Type from 'typebox';
import { oneOf, prose, shape, strict } from './fields.ts';
import { FlowViewRef } from './flow-view.ts';

/**
 * The key is the command's id: the same key again gets the same answer, whatever happened since.
 */
export const CommandHeaders = Type.Object({
  'idempotency-key': Type.String({
    // Ids with that beginning belong to the commands of tickets.
    pattern: '^(?!ticket-)[A-Za-z0-9._:-]{8,128}$',
    description: 'The command id: 8 to 128 letters, digits and . _ : -, not beginning with ticket-',
  }),
});

export const COMMAND_FIELDS = {
  revision: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'That the screen showed.' }),
  ),
  reason: Type.Optional(prose(500)),
};
export const CommandBody = strict(COMMAND_FIELDS);

const answer = (status: 'APPLIED' | 'RECORDED') =>
  shape({
    commandId: Type.String(),
    status: oneOf([status]),
    flow: FlowViewRef,
  });

export const COMMAND_RESPONSES = { 200: answer('APPLIED'), 202: answer('RECORDED') };
