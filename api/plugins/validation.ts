import type { FastifyInstance, FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import type { TObject, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import System from 'typebox/system';
import Value from 'typebox/value';

/** One wrong field of a request: where it stands and what is wrong with it. */
export interface FieldError {
  readonly in: string;
  readonly field: string;
  readonly message: string;
}

// All wrong fields at once; the library's default stops after eight.
System.Settings.Set({ maxErrors: 500 });

/**
 * Bodies are taken as they are: a number in quotes is a mistake. What comes in a URL is text, so
 * whole numbers and booleans are read from it, but nothing is rounded or guessed.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema);
  const prepare =
    httpPart === 'querystring' || httpPart === 'params'
      ? (value: unknown) => Value.Default(schema, fromText(schema as TObject, value))
      : (value: unknown) => value;
  return (value: unknown) => {
    const prepared = prepare(value);
    if (check.Check(prepared)) return { value: prepared };
    return { error: check.Errors(prepared) as FastifySchemaValidationError[] };
  };
};

function fromText(schema: TObject, value: unknown): unknown {
  const entries = Object.entries((value ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, text]) => [name, readText(schema.properties[name], text)]),
  );
}

function readText(schema: TSchema | undefined, text: unknown): unknown {
  const { type } = (schema ?? {}) as { readonly type?: unknown };
  if (typeof text !== 'string') return text;
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

interface ValidationFailure {
  readonly validation: readonly FastifySchemaValidationError[];
  readonly validationContext?: string | undefined;
}

/** Names every wrong field of a request once. */
export function fieldErrors({ validation, validationContext }: ValidationFailure): FieldError[] {
  const where = validationContext ?? 'request';
  return validation.flatMap((error) => {
    const at = (name: string) => `${error.instancePath}/${name}`;
    const params = error.params as Readonly<Record<string, readonly unknown[] | undefined>>;
    const say = (field: string, message: string): FieldError => ({ in: where, field, message });
    switch (error.keyword) {
      case 'required':
        return (params['requiredProperties'] ?? []).map((name) => say(at(String(name)), 'missing'));
      case 'additionalProperties':
        return (params['additionalProperties'] ?? []).map((name) =>
          say(at(String(name)), 'unknown field'),
        );
      case 'enum':
        return [
          say(error.instancePath, `must be one of ${(params['allowedValues'] ?? []).join(', ')}`),
        ];
      case 'boolean':
        // Says again, without a name, what additionalProperties says with one.
        return [];
      default:
        return [say(error.instancePath, error.message ?? error.keyword)];
    }
  });
}

export function addValidation(app: FastifyInstance): void {
  app.setValidatorCompiler(validatorCompiler);
}
