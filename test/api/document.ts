/** A JSON Schema, as far as the tests look into it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly pattern?: string;
}

interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<Record<string, Answer>>;
}

export interface ApiDocument {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, Omit<Operation, 'parameters'> & Partial<Operation>>>>
  >;
  readonly components: Readonly<Record<string, object>>;
}

/** Every operation of an OpenAPI document, with where it stands. */
export const operationsOf = ({ paths }: ApiDocument): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
      parameters: operation.parameters ?? [],
    })),
  );

/** Every object inside of `value`, itself included. */
function* objectsIn(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Readonly<Record<string, unknown>>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

/** Where the document refers to. */
export const refsIn = (document: ApiDocument): string[] => [
  ...new Set(
    [...objectsIn(document)].flatMap(({ $ref }) => (typeof $ref === 'string' ? $ref : [])),
  ),
];

/** Every schema that says a type. */
export const schemasIn = (document: ApiDocument): Schema[] =>
  [...objectsIn(document)].filter(({ type, scheme }) => {
    const said = [type].flat();
    return scheme === undefined && said.every((word) => typeof word === 'string');
  });

/** A schema in which each reference is replaced by what it leads to. */
export function resolved(schema: unknown, document: ApiDocument): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((each) => resolved(each, document));
  const { $ref } = schema as { readonly $ref?: unknown };
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? '';
    const schemas = document.components['schemas'] as Readonly<Record<string, unknown>>;
    return resolved(schemas[name], document);
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, resolved(value, document)]),
  );
}
