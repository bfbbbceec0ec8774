import { createHash } from 'node:crypto';
import { frozenText, type Frozen } from '../domain/tickets/frozen.ts';

/** SHA-256, hexadecimal, of everything that a consent is given to. */
export const payloadHashOf = (ticket: Frozen): string =>
  createHash('sha256').update(frozenText(ticket)).digest('hex');
