/** Why a proxy may fail: what was measured of each claim, and the verdict that thresholds give. */
import { z } from 'zod'
import { BudgetKindSchema } from './records'

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
const MeasuredNumberSchema = z.strictObject({
  name: z.string(),
  value: z.number().nullable(),
  /** Empty for a number without one. */
  unit: z.string()
})
export type MeasuredNumber = z.infer<typeof MeasuredNumberSchema>

/** One claim with what was measured of it. */
export const FindingSchema = z.strictObject({
  claim: z.enum(CLAIMS),
  /** The claim in words. */
  statement: z.string(),
  /** Set where the claim is about sequential models of one budget. */
  budget: BudgetKindSchema.nullable(),
  verdict: z.enum(['yes', 'no', 'cannot tell']),
  /** What the threshold is held against. */
  measure: MeasuredNumberSchema,
  threshold: z.number(),
  /** In words: what the verdict follows from, or what is missing. */
  why: z.string(),
  numbers: z.array(MeasuredNumberSchema)
})
export type Finding = z.infer<typeof FindingSchema>

/** All claims, in the order of {@link CLAIMS}. */
export const DiagnosisSchema = z.strictObject({
  study: z.string(),
  findings: z.array(FindingSchema)
})
export type Diagnosis = z.infer<typeof DiagnosisSchema>

/** Where branches lie around the weights that they started from. */
export interface BranchGeometry {
  /** ‖θ₀‖: length of all weights of the seed as one vector. */
  seedNorm: number
  /** ‖θ − θ₀‖ / ‖θ₀‖ of each branch. */
  branches: { name: string; relativeDistance: number }[]
  /** Cosines of the branches' ways from the seed, by place; null beside a branch that has not moved. */
  cosines: (number | null)[][]
}
