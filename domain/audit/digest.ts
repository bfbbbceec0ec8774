/** SHA-256. Given by the caller, since the rules run in a browser and in a workflow too. */
export type Digest = (bytes: Uint8Array) => Uint8Array;

export const HASH_BYTES = 32;

/** What stands before the first: as many zeros as a hash has bytes. */
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

const utf8 = new TextEncoder();

export const digestOfText = (text: string, digest: Digest): Uint8Array => digest(utf8.encode(text));

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Lower-case hexadecimal, two digits a byte. */
export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
