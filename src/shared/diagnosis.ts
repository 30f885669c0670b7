/** Why a proxy may fail: what was measured of each claim, and the verdict that thresholds give. */
import type { BudgetKind } from './records'

/** Each claim is a way to fail: `yes` says that the study fails so. */
export const CLAIMS = [
  'few-mixtures',
  'interaction',
  'offset',
  'not-converged',
  'small-partitions',
  'unequal-sizes',
  'far-apart',
  'barrier'
] as const
export type Claim = (typeof CLAIMS)[number]

/** A number behind a verdict; null where it is not defined. */
export interface MeasuredNumber {
  name: string
  value: number | null
  /** Empty for a number without one. */
  unit: string
}

/** One claim with what was measured of it. */
export interface Finding {
  claim: Claim
  /** The claim in words. */
  statement: string
  /** Set where the claim is about sequential models of one budget. */
  budget: BudgetKind | null
  verdict: 'yes' | 'no' | 'cannot tell'
  /** What the threshold is held against. */
  measure: MeasuredNumber
  threshold: number
  /** In words: what the verdict follows from, or what is missing. */
  why: string
  numbers: MeasuredNumber[]
}

/** All claims, in the order of {@link CLAIMS}. */
export interface Diagnosis {
  study: string
  findings: Finding[]
}

/** Where branches lie around the weights that they started from. */
export interface BranchGeometry {
  /** ‖θ₀‖: length of all weights of the seed as one vector. */
  seedNorm: number
  /** ‖θ − θ₀‖ / ‖θ₀‖ of each branch. */
  branches: { name: string; relativeDistance: number }[]
  /** Cosines of the branches' ways from the seed, by place; null beside a branch that has not moved. */
  cosines: (number | null)[][]
}
