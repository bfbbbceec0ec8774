import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finalExecutions, type SampleBroker, type SampleSession } from './model.ts';
import { amountText, centsText, priceText } from './text.ts';

const HEADER =
  'serial,order_id,settlement_account,instrument_id,currency,side,quantity,price,amount';

/** How a counterparty writes its files; a channel that is not here sends none. */
interface FileStyle {
  readonly settlementAccount: string;
  /** Our own numbers, or theirs: who matches by instrument knows neither of ours. */
  readonly serials: 'ours' | 'theirs';
  readonly orderIds: 'ours' | 'theirs';
  readonly amounts: 'exact' | 'cents';
}

const STYLES: Readonly<Record<string, FileStyle>> = {
  CCASS: { settlementAccount: 'B01888', serials: 'ours', orderIds: 'ours', amounts: 'exact' },
  CCASS2: { settlementAccount: 'B01889', serials: 'ours', orderIds: 'ours', amounts: 'cents' },
  IB: { settlementAccount: 'U7001888', serials: 'theirs', orderIds: 'ours', amounts: 'cents' },
  IBFX: { settlementAccount: 'F7001888', serials: 'theirs', orderIds: 'theirs', amounts: 'exact' },
};

interface FileRow {
  readonly executionId: string;
  readonly line: string;
}

export interface ManifestFile {
  readonly market: 'HK' | 'US';
  readonly settlementChannel: string;
  readonly tradeDate: string;
  readonly file: string;
  readonly rows: number;
  /** Replaces `file`, which misses rows. */
  readonly correctedFile?: string;
}

/** Which files an operator imports for which ledger date; paths are relative to the manifest. */
export interface Manifest {
  readonly ledgerDates: readonly { readonly ledgerDate: string; readonly files: ManifestFile[] }[];
}

export const MANIFEST_NAME = 'manifest.json';

/** The rows of one channel in one session: what stood at the end of the day. */
function rowsOf({ session, orders }: SampleSession, channel: string, style: FileStyle): FileRow[] {
  const day = session.tradeDate.replaceAll('-', '');
  const rows: FileRow[] = [];
  for (const [index, order] of orders.entries()) {
    if (order.settlementChannel !== channel) continue;
    const { instrument } = order;
    const amount = style.amounts === 'exact' ? amountText : centsText;
    for (const { executionId, quantity, price } of finalExecutions(order)) {
      const number = String(rows.length + 1).padStart(7, '0');
      const line = [
        style.serials === 'ours' ? executionId : `${channel}${day}${number}`,
        style.orderIds === 'ours' ? order.orderId : `${channel}${day}P${index + 1}`,
        style.settlementAccount,
        instrument.instrumentId,
        instrument.currency,
        order.side,
        quantity,
        priceText(instrument, price),
        amount(instrument, quantity, price),
      ].join(',');
      rows.push({ executionId, line });
    }
  }
  return rows;
}

const csvOf = (rows: readonly FileRow[]): string =>
  `${[HEADER, ...rows.map(({ line }) => line)].join('\n')}\n`;

interface CounterpartyFile {
  readonly entry: ManifestFile;
  /** Content by file name: the file, and the corrected one where the file misses a row. */
  readonly contents: readonly (readonly [name: string, text: string])[];
}

function fileOf(
  each: SampleSession,
  channel: string,
  style: FileStyle,
  missing: ReadonlySet<string>,
): CounterpartyFile | undefined {
  const rows = rowsOf(each, channel, style);
  if (rows.length === 0) return undefined;
  const { market, tradeDate } = each.session;
  const sent = rows.filter(({ executionId }) => !missing.has(executionId));
  const file = `${tradeDate}-${channel}.csv`;
  const entry = { market, settlementChannel: channel, tradeDate, file, rows: sent.length };
  if (sent.length === rows.length) return { entry, contents: [[file, csvOf(rows)]] };
  const correctedFile = `${tradeDate}-${channel}.corrected.csv`;
  return {
    entry: { ...entry, correctedFile },
    contents: [
      [file, csvOf(sent)],
      [correctedFile, csvOf(rows)],
    ],
  };
}

/** Every file of the week with the manifest, as text; nothing is written. */
export function counterpartyFiles(broker: Pick<SampleBroker, 'sessions' | 'missingFromFiles'>): {
  readonly manifest: Manifest;
  readonly contents: ReadonlyMap<string, string>;
} {
  const contents = new Map<string, string>();
  const byDate = new Map<string, ManifestFile[]>();
  for (const each of broker.sessions) {
    const files = byDate.get(each.session.ledgerDate) ?? [];
    byDate.set(each.session.ledgerDate, files);
    for (const [channel, style] of Object.entries(STYLES)) {
      const file = fileOf(each, channel, style, broker.missingFromFiles);
      if (file === undefined) continue;
      files.push(file.entry);
      for (const [name, text] of file.contents) contents.set(name, text);
    }
  }
  const ledgerDates = [...byDate].map(([ledgerDate, files]) => ({ ledgerDate, files }));
  return { manifest: { ledgerDates }, contents };
}

/** Writes the files, and the manifest last: who sees it sees all of them. */
export function writeCounterpartyFiles(broker: SampleBroker, folder: string): void {
  const { manifest, contents } = counterpartyFiles(broker);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of contents) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);
}
