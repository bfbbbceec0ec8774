import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

/** One reason why a row of a file was left out. */
export interface RowErrorView {
  readonly row: number;
  readonly field: string;
  readonly code: string;
  readonly value: string;
  readonly message: string;
}

const KNOWN = `SELECT 1 FROM request_answers WHERE request_id = $1 AND kind = 'frontOfficeImport'`;

/** What was wrong with the rows of an import, by row and field. Throws NOT_FOUND. */
export async function readImportErrors(
  reader: Reader,
  importId: string,
  request: PageRequest,
): Promise<Page<RowErrorView>> {
  const known = await rows(reader, KNOWN, [importId]);
  if (known.length === 0) throw new ClearingError('NOT_FOUND', { importId });
  return readPage<RowErrorView>(
    reader,
    {
      list: `errors of ${importId}`,
      select: 'SELECT row_no AS row, field, code, value, message FROM import_errors',
      conditions: new Conditions().add('import_id = ?', importId),
      key: [
        ['row_no', 'integer'],
        ['field', 'text'],
      ],
      keyOf: (error) => [error.row, error.field],
    },
    request,
  );
}
