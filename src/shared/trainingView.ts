/** What a screen is told of training: the queue of runs, their curves, and what a study costs. */
import { z } from 'zod'
import { RunSchema } from './records'

const count = z.number().int().nonnegative()

/** So many curves are asked for at once. */
export const MOST_CURVES = 500

/** Told while a study waits for space on its disk, in bytes. */
export const LowDiskSchema = z.strictObject({
  freeBytes: z.number().nonnegative(),
  /** It goes on when so much is free. */
  floorBytes: z.number().nonnegative()
})
export type LowDisk = z.infer<typeof LowDiskSchema>

/** A run of the plan, with its head where it was begun. */
export const QueuedRunSchema = z.strictObject({
  fingerprint: z.string(),
  role: z.enum(['seed', 'branch', 'sequential']),
  name: z.string(),
  /** True where it trains again under another random seed: mixtures do not wait for it. */
  isRepeat: z.boolean(),
  tokens: count,
  /** Partitions whose text it trains on; none for the seed. */
  partitions: z.array(z.string()),
  isDone: z.boolean(),
  /** True from when it is begun until it is stored. */
  isTraining: z.boolean(),
  /** True while what was begun waits in a cluster's queue. */
  isQueued: z.boolean(),
  /** True when the user set it aside: it is not begun until it is released. */
  isHeld: z.boolean(),
  /** Predicted tokens up to the end of its curve: where it stands, or would go on from. */
  trained: count,
  head: RunSchema.nullable()
})
export type QueuedRun = z.infer<typeof QueuedRunSchema>

/** What a study has and lacks. */
export const QueueSchema = z.strictObject({
  /** False until the text is prepared; then nothing else is known either. */
  isPrepared: z.boolean(),
  runs: z.array(QueuedRunSchema)
})
export type Queue = z.infer<typeof QueueSchema>

const numbers = z.array(z.number())

/** The curve of a run, in columns: hundreds of them go over the wire at once. */
export const CurveSchema = z.strictObject({
  run: z.string(),
  /** False when it only goes on after the step that was known already. */
  isWhole: z.boolean(),
  steps: z.array(count),
  tokens: z.array(count),
  /** Mean nats per token of each step's batch. */
  losses: numbers,
  /** Mean nats per token on the run's own held-out domains, at the steps where it was measured. */
  heldOut: z.array(
    z.strictObject({
      domain: z.string(),
      steps: z.array(count),
      tokens: z.array(count),
      losses: numbers
    })
  )
})
export type Curve = z.infer<typeof CurveSchema>

const effort = z.strictObject({ runs: count, tokens: z.number().nonnegative() })

/** What a study costs beside training every mixture; `estimate` only when it was asked for. */
export const CostSchema = z.strictObject({
  /** The proxy of every mixture: seed and branches, each once. */
  modular: effort,
  /** Sequential models that are no branch: they tell how far the proxy may be trusted. */
  evidence: effort,
  /** Of these, what is not there yet. */
  left: effort,
  /** Every mixture trained for real from the same seed. */
  naive: effort,
  mixtures: count,
  /** What the runs that are left keep on disk, and what is free there now. */
  disk: z.strictObject({ neededBytes: count, freeBytes: z.number().nonnegative() }),
  /** From a rate measured on this machine; seconds of wall time, bytes. */
  estimate: z
    .strictObject({
      /** Null where a trainer of the user's own has finished no run yet. */
      trainingSeconds: z.number().nullable(),
      evaluationSeconds: z.number(),
      naiveSeconds: z.number().nullable(),
      diskBytes: z.number(),
      memoryBytes: z.number().nullable(),
      trainTokensPerSecond: z.number().nullable(),
      workers: count,
      device: z.string()
    })
    .nullable()
})
export type Cost = z.infer<typeof CostSchema>

/** What a study would ask for, before it is saved. */
export const StudyPreviewSchema = z.strictObject({
  /** Why it cannot be planned, in words; null where it can. */
  problem: z.string().nullable(),
  cost: CostSchema.nullable(),
  /** False until its text is tokenised: then every partition is taken for one base unit. */
  isExact: z.boolean()
})
export type StudyPreview = z.infer<typeof StudyPreviewSchema>
