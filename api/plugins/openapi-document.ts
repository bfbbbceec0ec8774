/*
 * What holds for many operations and cannot be said in the schema of a single route: which bodies
 * may be left out, and the headers of answers.
 */

interface Schema {
  readonly type?: unknown;
  readonly required?: readonly string[];
}
interface Parameter {
  readonly name?: string;
}
interface Answer {
  headers?: Record<string, unknown>;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema?: Schema }>>;
  };
  readonly responses?: Readonly<Record<string, Answer>>;
}
interface Document {
  readonly paths?: object | undefined;
  readonly components?: object | undefined;
}

const HEADERS = {
  RequestId: {
    description: 'Names the request in the log; a problem carries it as requestId.',
    schema: { type: 'string' },
  },
  Replayed: {
    description: 'true when the Idempotency-Key is known and the first answer is given again.',
    schema: { type: 'string', enum: ['true'] },
  },
  CommandLocation: {
    description: 'Where the outcome of the command will be.',
    schema: { type: 'string', format: 'uri-reference' },
  },
} as const;

const header = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` });

/** Completes the document that was made of the route schemas. */
export function completeDocument<D extends Document>(document: D): D {
  for (const path of Object.values(document.paths ?? {}) as Record<string, Operation>[]) {
    for (const operation of Object.values(path)) completeOperation(operation);
  }
  return { ...document, components: { ...document.components, headers: HEADERS } };
}

function completeOperation({ parameters = [], requestBody, responses = {} }: Operation): void {
  if (requestBody) {
    requestBody.required = !Object.values(requestBody.content).every(mayBeLeftOut);
  }
  const isKeyed = parameters.some(({ name }) => name === 'idempotency-key');
  for (const [status, answer] of Object.entries(responses)) {
    const mayBeRepeated = isKeyed && (status === '200' || status === '4XX');
    answer.headers = {
      'x-request-id': header('RequestId'),
      ...(mayBeRepeated ? { 'idempotency-replayed': header('Replayed') } : {}),
      ...(status === '202' ? { location: header('CommandLocation') } : {}),
    };
  }
}

/** An object of which no field is needed: no body means the same as an empty one. */
const mayBeLeftOut = ({ schema }: { readonly schema?: Schema }): boolean =>
  schema?.type === 'object' && (schema.required ?? []).length === 0;
