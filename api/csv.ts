import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest, FastifySchemaCompiler } from 'fastify';
import { CsvError, parse, type Options } from 'csv-parse';
import type { TSchema } from 'typebox';
import { columnOfField, fieldOfColumn } from '../domain/front-office/csv-columns.ts';
import type { RawRow, RowError } from '../domain/front-office/row-reader.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { validatorCompiler } from './plugins/validation.ts';

/** Some 100,000 rows. Larger sets come in several files or requests. */
export const IMPORT_LIMIT_BYTES = 10 * 1_048_576;

const ROWS_PER_BATCH = 5_000;
const CHARACTERS_PER_WRITE = 1 << 16;
const LONGEST_ROW = 1 << 16;

/** Makes the routes of this plugin take text/csv and nothing else. */
export function takeOnlyCsv(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
}

/** For bodies that are judged row by row, by rules that name each error; the rest as ever. */
export const judgesBodyLater: FastifySchemaCompiler<TSchema> = (route) =>
  route.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(route);

/** The bytes of a CSV request; a request without a body is an empty file. */
export const csvBodyOf = (request: FastifyRequest): Buffer =>
  Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);

const malformed = (reason: string, more: Record<string, unknown> = {}): ClearingError =>
  new ClearingError('FILE_MALFORMED', { reason, ...more });

/** The text of a file that must be UTF-8, with or without its mark. Throws FILE_MALFORMED. */
export function decodeCsv(body: Buffer): string {
  const start = body.subarray(0, 2).toString('hex');
  if (start === 'fffe' || start === 'feff') {
    throw malformed('encoding', { expected: 'UTF-8', found: 'UTF-16' });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformed('encoding', { expected: 'UTF-8' });
  }
  const zero = text.indexOf('\u0000');
  if (zero >= 0) throw malformed('encoding', { expected: 'UTF-8', found: 'a zero character' });
  return text;
}

function* pieces(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += CHARACTERS_PER_WRITE) {
    yield text.slice(at, at + CHARACTERS_PER_WRITE);
  }
}

const OPTIONS = {
  // Counted below, where the row is known.
  relax_column_count: true,
  skip_empty_lines: true,
  max_record_size: LONGEST_ROW,
} satisfies Options;

/**
 * The data rows of a CSV file in batches, by field name. The header must be exactly `columns`,
 * maybe with `optional` ones behind them in their order, and every row must have as many; else
 * FILE_MALFORMED names the row, and the caller's transaction undoes the batches before it. The
 * parser gives way to other requests between its pieces.
 */
export async function* readCsv(
  body: Buffer,
  columns: readonly string[],
  optional: readonly string[] = [],
): AsyncGenerator<readonly RawRow[]> {
  let fields: readonly string[] = [];
  const parser = Readable.from(pieces(decodeCsv(body))).pipe(parse(OPTIONS));
  let isHeaderRead = false;
  let row = 0;
  let batch: RawRow[] = [];
  try {
    for await (const record of parser as AsyncIterable<readonly string[]>) {
      if (!isHeaderRead) {
        assertHeader(record, columns, optional);
        fields = record.map(fieldOfColumn);
        isHeaderRead = true;
        continue;
      }
      row += 1;
      if (record.length !== fields.length) {
        const counts = { row, expected: fields.length, found: record.length };
        throw malformed('column count', counts);
      }
      batch.push(Object.fromEntries(fields.map((field, at) => [field, record[at]])));
      if (batch.length === ROWS_PER_BATCH) {
        yield batch;
        batch = [];
      }
    }
  } catch (error) {
    throw error instanceof CsvError ? asMalformed(error) : error;
  }
  if (!isHeaderRead) throw malformed('header', { expected: columns.join(','), found: '' });
  if (batch.length > 0) yield batch;
}

function assertHeader(
  found: readonly string[],
  columns: readonly string[],
  optional: readonly string[],
): void {
  const added = optional.filter((name) => found.includes(name));
  const expected = [...columns, ...added];
  const isExact =
    found.length === expected.length && expected.every((name, at) => name === found[at]);
  if (!isExact) {
    throw malformed('header', {
      expected: columns.join(','),
      ...(optional.length === 0 ? {} : { optional: optional.join(',') }),
      found: found.join(',').slice(0, 500),
    });
  }
}

const asMalformed = (error: CsvError): ClearingError =>
  malformed('quoting', {
    parser: error.code,
    ...(typeof error['lines'] === 'number' ? { line: error['lines'] } : {}),
  });

/** Errors of a file name its columns, those of a request its fields. */
export const byColumn = (errors: readonly RowError[]): readonly RowError[] =>
  errors.map((error) => ({ ...error, field: columnOfField(error.field) }));
