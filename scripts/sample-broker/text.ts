import { formatScaled } from '../../domain/money/scaled.ts';
import { PRICE_PLACES, type SampleInstrument } from './instruments.ts';

/** An instant of the generator as PostgreSQL and people read it. */
export const isoOf = (instant: number): string => new Date(instant).toISOString();

/** Prices keep the digits that they need and no more. */
export const priceText = ({ market }: SampleInstrument, price: number): string =>
  formatScaled(price, PRICE_PLACES[market]);

/** Quantity times price, exact: below 2^53 for every order that the generator makes. */
export const amountText = ({ market }: SampleInstrument, quantity: number, price: number): string =>
  formatScaled(quantity * price, PRICE_PLACES[market]);

/** The same to the cent, half up, as some counterparties write it. */
export function centsText({ market }: SampleInstrument, quantity: number, price: number): string {
  const perCent = 10 ** (PRICE_PLACES[market] - 2);
  return formatScaled(Math.floor((quantity * price + perCent / 2) / perCent), 2);
}
