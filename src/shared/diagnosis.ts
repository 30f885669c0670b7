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

/** What straight lines in the space of weights are between. */
export const LINE_KINDS = ['seed-branch', 'branch-branch', 'branch-merge'] as const
export type LineKind = (typeof LINE_KINDS)[number]

/** What each kind of line leads from and to. */
export const LINE_WORDS: Record<LineKind, string> = {
  'seed-branch': 'seed to branch',
  'branch-branch': 'branch to branch',
  'branch-merge': 'branch to the merge of all'
}

/** Places on a line that are measured: (1 − t) of its first end's weights and t of its second's. */
export const LINE_POINTS = [0, 0.25, 0.5, 0.75, 1] as const

/** Loss along one line, wholly measured. */
export const LineLossesSchema = z.strictObject({
  kind: z.enum(LINE_KINDS),
  from: z.string(),
  to: z.string(),
  domains: z.array(
    z.strictObject({
      /** A domain, or the mean over several, in nats per token like the others. */
      domain: z.string(),
      /** At each of {@link LINE_POINTS}, nats per token. */
      losses: z.array(z.number()),
      /** The same less what lies straight between both ends. */
      above: z.array(z.number()),
      /** The highest of these: at least 0, since at the ends they are. */
      barrier: z.number()
    })
  )
})
export type LineLosses = z.infer<typeof LineLossesSchema>

/** Where branches lie around the weights that they started from. */
export const BranchGeometrySchema = z.strictObject({
  /** ‖θ₀‖: length of all weights of the seed as one vector. */
  seedNorm: z.number(),
  /** ‖θ − θ₀‖ / ‖θ₀‖ of each branch. */
  branches: z.array(z.strictObject({ name: z.string(), relativeDistance: z.number() })),
  /** Cosines of the branches' ways from the seed, by place; null beside a branch that has not moved. */
  cosines: z.array(z.array(z.number().nullable()))
})
export type BranchGeometry = z.infer<typeof BranchGeometrySchema>

/** An untrained mixture that would tell much if it were trained. */
export const ProposedMixtureSchema = z.strictObject({
  mixture: z.string(),
  size: z.number(),
  /** What it adds to what is known of the partitions' terms, in nats. */
  information: z.number(),
  /** In words: what it tells most of. */
  reason: z.string()
})
export type ProposedMixture = z.infer<typeof ProposedMixtureSchema>

/** All claims, in the order of {@link CLAIMS}, and what else was measured to answer them. */
export const DiagnosisSchema = z.strictObject({
  study: z.string(),
  findings: z.array(FindingSchema),
  lines: z.array(LineLossesSchema),
  /** Models that would have to be measured for all lines. */
  lineModelsLeft: z.number(),
  /** Null where no weights can be read. */
  geometry: BranchGeometrySchema.nullable(),
  /** Which mixtures should be trained next where too few were, those that tell most first. */
  proposed: z.array(ProposedMixtureSchema),
  /** Why none is proposed although too few were trained; null otherwise. */
  whyNoneProposed: z.string().nullable()
})
export type Diagnosis = z.infer<typeof DiagnosisSchema>
