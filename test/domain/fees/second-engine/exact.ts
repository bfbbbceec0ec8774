/*
 * Exact numbers of the second engine: units / (10^places × parts), all whole. `parts` is 1 except
 * after a division by days of a year or an exchange rate, so nothing is ever rounded here but where
 * it says so.
 */
export interface Exact {
  readonly units: bigint;
  readonly places: number;
  readonly parts: bigint;
}

const TENS: readonly bigint[] = Array.from({ length: 400 }, (_, n) => 10n ** BigInt(n));
export const tens = (n: number): bigint => TENS[n]!;

export const whole = (count: number): Exact => ({ units: BigInt(count), places: 0, parts: 1n });
export const NOTHING = whole(0);

/** Plain unsigned digits with at most one point. */
export function exact(text: string): Exact {
  const point = text.indexOf('.');
  if (point < 0) return { units: BigInt(text), places: 0, parts: 1n };
  const places = text.length - point - 1;
  return { units: BigInt(text.slice(0, point) + text.slice(point + 1)), places, parts: 1n };
}

export const times = (a: Exact, b: Exact): Exact => ({
  units: a.units * b.units,
  places: a.places + b.places,
  parts: a.parts === 1n ? b.parts : a.parts * b.parts,
});

export const dividedBy = (a: Exact, divisor: number): Exact => ({
  ...a,
  parts: a.parts * BigInt(divisor),
});

export const over = (a: Exact, b: Exact): Exact => ({
  units: a.units * tens(b.places),
  places: a.places,
  parts: a.parts * b.units,
});

export function plus(a: Exact, b: Exact): Exact {
  if (a.parts !== b.parts) {
    const left = { ...a, units: a.units * b.parts, parts: a.parts * b.parts };
    return plus(left, { ...b, units: b.units * a.parts, parts: left.parts });
  }
  if (a.places === b.places) return { ...a, units: a.units + b.units };
  return a.places > b.places
    ? { ...a, units: a.units + b.units * tens(a.places - b.places) }
    : { ...b, units: b.units + a.units * tens(b.places - a.places) };
}

export const minus = (a: Exact, b: Exact): Exact => plus(a, { ...b, units: -b.units });

export const sum = (values: readonly Exact[]): Exact =>
  values.length === 1 ? values[0]! : values.reduce(plus, NOTHING);

export function isLess(a: Exact, b: Exact): boolean {
  const left = a.parts === b.parts ? a.units : a.units * b.parts;
  const right = a.parts === b.parts ? b.units : b.units * a.parts;
  if (a.places === b.places) return left < right;
  return a.places > b.places
    ? left < right * tens(a.places - b.places)
    : left * tens(b.places - a.places) < right;
}

export const smaller = (a: Exact, b: Exact): Exact => (isLess(b, a) ? b : a);
export const larger = (a: Exact, b: Exact): Exact => (isLess(a, b) ? b : a);

export type Direction = 'half-up' | 'half-even' | 'ceil' | 'floor';

/** The multiple of the step that an unsigned value rounds to. */
export function rounded(value: Exact, direction: Direction, step: Exact): Exact {
  const numerator = value.units * tens(step.places);
  const denominator = tens(value.places) * value.parts * step.units;
  const below = numerator / denominator;
  const rest = numerator - below * denominator;
  const twice = rest * 2n;
  const goesUp = {
    'half-up': twice >= denominator,
    'half-even': twice > denominator || (twice === denominator && below % 2n === 1n),
    ceil: rest > 0n,
    floor: false,
  }[direction];
  return { ...step, units: (goesUp ? below + 1n : below) * step.units };
}

/** How many digits stand in a row of fees where a division has no end. */
const DIGITS_OF_ENDLESS = 60;

/** All digits without zeros at the end; an endless fraction is cut half-up at its 60th digit. */
export function textOf(value: Exact, leastPlaces = 0): string {
  const { units, places } = value.parts === 1n ? value : shortened(value);
  const digits = units < 0n ? (-units).toString() : units.toString();
  const sign = units < 0n ? '-' : '';
  if (places === 0 && leastPlaces === 0) return sign + digits;
  const padded = digits.length > places ? digits : digits.padStart(places + 1, '0');
  const point = padded.length - places;
  let end = padded.length;
  while (end > point + leastPlaces && padded.charCodeAt(end - 1) === 48) end -= 1;
  const fraction = padded.slice(point, end).padEnd(leastPlaces, '0');
  return sign + padded.slice(0, point) + (fraction === '' ? '' : `.${fraction}`);
}

function shortened(value: Exact): Exact {
  const { units, places, parts } = value;
  if (units % parts === 0n) return { units: units / parts, places, parts: 1n };
  const wholes = units / (tens(places) * parts);
  let size = wholes === 0n ? 0 : wholes.toString().length;
  // Zeros right after the point are no digits yet.
  while (size <= 0 && units * tens(1 - size) < tens(places) * parts) size -= 1;
  const kept = DIGITS_OF_ENDLESS - size;
  return rounded(value, 'half-up', { units: 1n, places: kept, parts: 1n });
}
