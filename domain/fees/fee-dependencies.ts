import { ClearingError } from '../errors/clearing-error.ts';
import type { FeeFormula } from './fee-rule.ts';
import type { TariffLine } from './tariff-plan.ts';

/** The codes whose amounts a formula needs; a remainder, what is left by all others, has its own place. */
export const sourcesOf = (formula: FeeFormula): readonly string[] =>
  formula.kind === 'ofFees' ? formula.feeCodes : [];

/**
 * A way from the code back to itself over the codes that it is computed from; undefined when there
 * is none. `sources`: what each code is computed from.
 */
export function cycleThrough(
  feeCode: string,
  sources: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const seen = new Set<string>();
  const search = (code: string, path: readonly string[]): readonly string[] | undefined => {
    for (const source of sources.get(code) ?? []) {
      if (source === feeCode) return [...path, source];
      if (seen.has(source)) continue;
      seen.add(source);
      const found = search(source, [...path, source]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(feeCode, [feeCode]);
}

/**
 * Lines in the order in which they can be priced: what a line is computed from comes before it, a
 * remainder comes last, and all else stays as it was. Throws FEE_RULE_INVALID for a cycle, which
 * entry refuses, so that no tariff is ever billed in half.
 */
export function inDependencyOrder(lines: readonly TariffLine[]): TariffLine[] {
  const sources = new Map(lines.map((line) => [line.feeCode, sourcesOf(line.choice.formula)]));
  const byCode = new Map(lines.map((line) => [line.feeCode, line]));
  const ordered = new Set<TariffLine>();
  const place = (line: TariffLine): void => {
    for (const code of sourcesOf(line.choice.formula)) {
      const source = byCode.get(code);
      if (source !== undefined && !ordered.has(source)) place(source);
    }
    ordered.add(line);
  };
  const isRemainder = (line: TariffLine) => line.choice.formula.kind === 'remainder';
  for (const { feeCode, ruleId } of lines) {
    const cycle = cycleThrough(feeCode, sources);
    if (cycle === undefined) continue;
    const reason = 'is computed from itself';
    throw new ClearingError('FEE_RULE_INVALID', { field: 'formula', reason, cycle, ruleId });
  }
  for (const line of lines) if (!isRemainder(line)) place(line);
  for (const line of lines) place(line);
  return [...ordered];
}
