import type { RoundingMode } from '../money/rounding.ts';

/** An unsigned constant as mantissa and scale; mantissa −1 stands for "none". */
export interface ScaledConstant {
  readonly mantissa: number;
  readonly scale: number;
}

/** One progressive tier: bounds and rate at the scales of all tiers; −1 for no end. */
interface KernelTier {
  readonly gt: number;
  readonly lte: number;
  readonly rate: number;
  /** Zero where the tier has none. */
  readonly min: ScaledConstant;
}

export interface KernelTiers {
  readonly boundScale: number;
  readonly rateScale: number;
  readonly tiers: readonly KernelTier[];
}

/** One line of a plan in safe integers, for the fast kernel. */
export interface KernelLine {
  readonly basis: 'consideration' | 'quantity' | 'executions' | 'nothing';
  readonly perExecution: boolean;
  readonly isWaived: boolean;
  readonly skipBelowAmount: boolean;
  readonly factor: ScaledConstant;
  /** Instead of the factor. */
  readonly tiers: KernelTiers | null;
  readonly threshold: ScaledConstant;
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
