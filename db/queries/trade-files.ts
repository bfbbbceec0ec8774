import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { columnOfField } from '../../domain/front-office/csv-columns.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { tradeFileErrorsId } from '../trade-files.repository.ts';
import type { RowErrorView } from './import-errors.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface TradeFileView {
  readonly fileId: number;
  readonly market: string;
  readonly settlementChannel: string;
  readonly tradeDate: BusinessDate;
  readonly name: string;
  readonly sha256: string;
  readonly status: 'CURRENT' | 'REPLACED';
  readonly rowCount: number;
  readonly badRowCount: number;
  readonly importedBy: string;
  readonly importedAt: string;
}

export interface TradeFileFilter extends PageRequest {
  readonly market?: string | undefined;
  readonly settlementChannel?: string | undefined;
  readonly tradeDate?: BusinessDate | undefined;
  readonly status?: string | undefined;
}

const SELECT = `SELECT file_id AS "fileId", market, settlement_channel AS "settlementChannel",
  trade_date AS "tradeDate", name, sha256, status, row_count AS "rowCount",
  bad_row_count AS "badRowCount", imported_by AS "importedBy", imported_at AS "importedAt"
  FROM trade_files`;

/** Newest first. */
export async function readTradeFiles(
  reader: Reader,
  filter: TradeFileFilter,
): Promise<Page<TradeFileView>> {
  await assertListed(reader, filter);
  const conditions = new Conditions()
    .add('market = ?', filter.market)
    .add('settlement_channel = ?', filter.settlementChannel)
    .add('trade_date = ?', filter.tradeDate)
    .add('status = ?', filter.status);
  return readPage<TradeFileView>(
    reader,
    {
      list: 'trade-files',
      select: SELECT,
      conditions,
      key: [['file_id', 'bigint']],
      direction: 'DESC',
      keyOf: (file) => [file.fileId],
    },
    filter,
  );
}

/** Throws NOT_FOUND. Errors name the columns of the file, the first 1,000 of them. */
export async function readTradeFile(
  reader: Reader,
  fileId: number,
): Promise<TradeFileView & { readonly errors: RowErrorView[] }> {
  const [file] = await rows<TradeFileView>(reader, `${SELECT} WHERE file_id = $1`, [fileId]);
  if (!file) throw new ClearingError('NOT_FOUND', { fileId });
  const errors = await rows<RowErrorView>(
    reader,
    `SELECT row_no AS row, field, code, value, message FROM import_errors
     WHERE import_id = $1 ORDER BY row_no, field LIMIT 1000`,
    [tradeFileErrorsId(fileId)],
  );
  return {
    ...file,
    errors: errors.map((error) => ({ ...error, field: columnOfField(error.field) })),
  };
}
