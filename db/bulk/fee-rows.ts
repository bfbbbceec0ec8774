import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { FeeSink } from '../../domain/fees/fee-sink.ts';
import type { CopyBuffer } from './copy-buffer.ts';
import type { LineIds } from './fee-choices.ts';

export const FEES = `fees (ledger_date, contract_id, line, fee_code_id, execution_no, choice_id,
  metric, exact_amount, clamp, amount)`;

/** Where the rows of a chunk go. */
interface FeeBuffers {
  readonly fees: CopyBuffer;
  /** Of the table month_positions; absent where no line can be in monthly tiers. */
  readonly positions?: CopyBuffer;
}

/**
 * Writes the fee rows of one contract after the other. That a contract has one row for a fee code
 * and execution or order is asserted here, by two comparisons, and not by an index over all rows.
 */
export class FeeRows {
  private buffers: FeeBuffers | undefined;
  private prefix = '';
  private ids: readonly LineIds[] = [];
  private line = 0;
  private lastAt = -1;
  private lastPart = -1;

  /** `prefix`: ledger date and contract id as COPY fields. `ids`: of each line of its plan. */
  begin(buffers: FeeBuffers, prefix: string, ids: readonly LineIds[]): void {
    this.buffers = buffers;
    this.prefix = prefix;
    this.ids = ids;
    this.line = 0;
    this.lastAt = -1;
  }

  /** For priceInto. Throws BOOKS_OUT_OF_BALANCE for a row that does not go forward. */
  readonly sink: FeeSink = (_, at, execution, order, metric, exact, clamp, amount, monthBefore) => {
    const rows = this.buffers?.fees;
    const ids = this.ids[at];
    if (ids === undefined || rows === undefined) throw new RangeError(`no ids for line ${at}`);
    // Lines of a plan differ in their fee code (FeeChoices), and rows come by line and part.
    const part = execution >= 0 ? execution : order;
    if (at < this.lastAt || (at === this.lastAt && part <= this.lastPart)) {
      throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
        what: 'two fee rows of a contract for one fee code and execution or order',
        feeCodeId: ids.feeCodeId,
      });
    }
    this.lastAt = at;
    this.lastPart = part;
    this.line += 1;
    rows.put(this.prefix);
    rows.putWhole(this.line);
    rows.put(ids.middle);
    putPart(rows, execution, order);
    rows.put(ids.choice);
    rows.put(metric);
    rows.put('\t');
    rows.put(exact);
    rows.put('\t');
    rows.put(clamp);
    rows.put('\t');
    rows.put(amount);
    rows.endRow();
    if (monthBefore !== undefined) {
      this.buffers?.positions?.row(`${this.prefix}${this.line}\t${monthBefore}\n`);
    }
  };
}

/** 3 = the third execution of the contract; −2 = its second order, where it has several; 0 = all. */
function putPart(rows: CopyBuffer, execution: number, order: number): void {
  const isOrder = execution < 0 && order >= 0;
  if (isOrder) rows.put('-');
  rows.putWhole(isOrder ? order + 1 : execution + 1);
}
