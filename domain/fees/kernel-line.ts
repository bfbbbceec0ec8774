import type { RoundingMode } from '../money/rounding.ts';

/** An unsigned constant as mantissa and scale; mantissa −1 stands for "none". */
export interface ScaledConstant {
  readonly mantissa: number;
  readonly scale: number;
}

/** One line of a plan in safe integers, for the fast kernel. */
export interface KernelLine {
  readonly basis: 'consideration' | 'quantity' | 'nothing';
  readonly perExecution: boolean;
  readonly isWaived: boolean;
  readonly skipBelowAmount: boolean;
  readonly factor: ScaledConstant;
  readonly min: ScaledConstant;
  readonly max: ScaledConstant;
  readonly capRate: ScaledConstant;
  readonly minBeatsMax: boolean;
  readonly mode: RoundingMode;
  /** Decimals of the rounding increment, which is a power of ten. */
  readonly places: number;
  /** Cents of one increment. */
  readonly incrementCents: number;
  /** Least cents of a group; 0 when there is no floor or the factor is zero. */
  readonly floorCents: number;
}
