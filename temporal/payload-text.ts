/** As the default converter writes a payload; undefined leaves none, and counts as empty. */
export const payloadText = (value: unknown): string =>
  value === undefined ? '' : JSON.stringify(value);
