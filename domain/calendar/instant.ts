/** Milliseconds since 1970 of an ISO instant; for differences and comparisons. */
export const msOf = (instant: string): number => Date.parse(instant);

/** The ISO instant in UTC of milliseconds since 1970. */
export const instantOf = (ms: number): string => new Date(ms).toISOString();
