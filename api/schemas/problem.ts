import Type from 'typebox';
import { ERROR_CATALOGUE } from '../../domain/errors/error-catalogue.ts';
import { Anything, shape } from './fields.ts';

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ enum: Object.keys(ERROR_CATALOGUE) }),
    detail: Type.String(),
    instance: Type.String(),
    requestId: Type.String(),
    details: Anything,
    texts: shape({ en: Type.String(), 'zh-Hans': Type.String(), 'zh-Hant': Type.String() }),
  },
  { $id: 'Problem', description: 'RFC 9457; `details` names the values that broke the rule.' },
);

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
});

/** Every route can say no in these ways. */
export const PROBLEM_RESPONSES = {
  '4xx': problem('Refused: the code says why.'),
  '5xx': problem('Failed: the request id finds the reason in the log.'),
};
