import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect } from '../../db/client.ts';
import { feeExplanationsOf } from '../../db/queries/fee-explanations.ts';
import { readSnapshot } from '../../db/queries/rows.ts';
import { parseBusinessDate, type BusinessDate } from '../../domain/calendar/business-date.ts';
import type { Explanation } from './explained-terms.ts';
import { differenceOf, type FeeDifference } from './recompute-fee.ts';

export interface CheckedFees {
  /** Of a ledger date; of a file its name. */
  readonly of: string;
  readonly fees: number;
  readonly differences: readonly FeeDifference[];
}

/** Receives each explanation as one line of JSON, in the order of the books. */
export type ExplanationSink = (line: string) => void;

/**
 * Every fee of a ledger date, or of each, computed again from the text of its explanation. What the
 * books hold is read in one state, however long it takes.
 */
export async function checkFeesOf(
  url: string,
  date: string | undefined,
  sink: ExplanationSink = () => undefined,
): Promise<CheckedFees[]> {
  const db = connect(url, { poolSize: 1, name: 'explain-fees' });
  try {
    return await readSnapshot(db, async ({ client }) => {
      const { rows } = await client.query<{ ledgerDate: BusinessDate }>(
        'SELECT ledger_date AS "ledgerDate" FROM ledger_dates ORDER BY 1',
      );
      const dates =
        date === undefined ? rows.map((row) => row.ledgerDate) : [parseBusinessDate(date)];
      const checked: CheckedFees[] = [];
      for (const ledgerDate of dates) {
        const differences: FeeDifference[] = [];
        let fees = 0;
        for await (const page of feeExplanationsOf(client, ledgerDate)) {
          fees += page.length;
          for (const each of page) {
            if ('fault' in each) {
              const { feeId, feeCode, fault } = each;
              differences.push({ feeId, feeCode, what: fault.message });
              continue;
            }
            const text = JSON.stringify(each.explanation);
            sink(text);
            const difference = differenceOf(JSON.parse(text) as Explanation);
            if (difference !== undefined) differences.push(difference);
          }
        }
        checked.push({ of: ledgerDate, fees, differences });
      }
      return checked;
    });
  } finally {
    await db.$client.end();
  }
}

/** The explanations of a file, one a line, or one over several lines. */
export async function checkFile(file: string): Promise<CheckedFees> {
  const differences: FeeDifference[] = [];
  let fees = 0;
  let pending = '';
  for await (const line of createInterface({ input: createReadStream(file) })) {
    pending += line;
    if (!line.endsWith('}')) continue;
    let explanation: Explanation;
    try {
      explanation = JSON.parse(pending) as Explanation;
    } catch {
      // An object that goes on in the next line.
      continue;
    }
    pending = '';
    fees += 1;
    const difference = differenceOf(explanation);
    if (difference !== undefined) differences.push(difference);
  }
  if (pending.trim() !== '') throw new Error(`${file}: what follows fee ${fees} is no JSON`);
  return { of: file, fees, differences };
}
