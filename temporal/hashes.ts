import { createHash } from 'node:crypto';

/** Hexadecimal. */
export const sha256Of = (what: Uint8Array | string): string =>
  createHash('sha256').update(what).digest('hex');

/** The hash of arguments, or of a result as the only one, by the texts of their payloads. */
export const sha256OfTexts = (texts: readonly string[]): string => sha256Of(texts.join('\n'));
