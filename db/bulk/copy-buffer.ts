const ZERO_CODE = 48;
/** Whole numbers up to here are computed in 32 bits. */
const SMALL = 999_999_999;
const DIGITS = 9;

/**
 * Rows of one table as COPY text, in a buffer that is reused from chunk to chunk. Growing strings
 * instead would make the garbage collector copy megabytes again and again. Text is latin1: bytes
 * that were read from COPY are written back unchanged, whatever their encoding.
 */
export class CopyBuffer {
  private bytes: Buffer;
  private used = 0;
  /** How many rows it holds. */
  rows = 0;

  constructor(capacity = 1 << 16) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes used so far. */
  get length(): number {
    return this.used;
  }

  /** Adds one row: its fields joined by tabs, ended by a newline. */
  row(text: string): void {
    if (this.used + text.length > this.bytes.length) this.grow(this.used + text.length);
    this.used += this.bytes.write(text, this.used, 'latin1');
    this.rows += 1;
  }

  /**
   * Adds a piece of a row, byte by byte: for short pieces faster than any call into the runtime,
   * and no row exists as a string that the garbage collector has to take away again.
   */
  put(text: string): void {
    const { length } = text;
    if (this.used + length > this.bytes.length) this.grow(this.used + length);
    const { bytes } = this;
    let at = this.used;
    for (let index = 0; index < length; index += 1) {
      bytes[at] = text.charCodeAt(index);
      at += 1;
    }
    this.used = at;
  }

  /** Adds a piece that is a whole number, not negative. */
  putWhole(value: number): void {
    if (value > SMALL) {
      this.put(String(value));
      return;
    }
    if (this.used + DIGITS > this.bytes.length) this.grow(this.used + DIGITS);
    let places = 1;
    for (let limit = 10; value >= limit; limit *= 10) places += 1;
    let rest = value;
    for (let at = this.used + places - 1; at >= this.used; at -= 1) {
      const next = (rest / 10) | 0;
      this.bytes[at] = ZERO_CODE + rest - next * 10;
      rest = next;
    }
    this.used += places;
  }

  /** Ends the row that `put` has written. */
  endRow(): void {
    this.put('\n');
    this.rows += 1;
  }

  view(): Buffer {
    return this.bytes.subarray(0, this.used);
  }

  clear(): void {
    this.used = 0;
    this.rows = 0;
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }
}

/** A field of COPY text for a value that did not come from COPY. */
export function copyField(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return Buffer.from(escaped, 'utf8').toString('latin1');
}

/** The value of a field that was read from COPY text. */
export function fromCopyField(field: string): string {
  const text = Buffer.from(field, 'latin1').toString('utf8');
  if (!text.includes('\\')) return text;
  const plain: Readonly<Record<string, string>> = {
    b: '\b',
    f: '\f',
    n: '\n',
    r: '\r',
    t: '\t',
    v: '\v',
  };
  return text.replaceAll(/\\(.)/g, (_, code: string) => plain[code] ?? code);
}

/** NULL in COPY text. */
export const COPY_NULL = '\\N';
