/** What of a Slurm cluster is shown: the elements that a project has there, its nodes, scripts and logs. */
import { z } from 'zod'

/** `unknown`: the cluster does not answer. `gone`: it left the queue, and nobody knows how. */
export const ElementStateSchema = z.enum([
  'waiting',
  'running',
  'stuck',
  'done',
  'failed',
  'cancelled',
  'interrupted',
  'gone',
  'unknown'
])
export type ElementState = z.infer<typeof ElementStateSchema>

/** What an element does: prepares the text of a study, trains a run, or measures models. */
export const ElementKindSchema = z.enum(['prepare', 'train', 'measure'])
export type ElementKind = z.infer<typeof ElementKindSchema>

/** One element of an array job: what it does for the project, and what the queue says of it. */
export const ClusterElementSchema = z.strictObject({
  /** What it is named by to cancel it or to read its log: `SUBMISSION.INDEX`. */
  id: z.string(),
  /** The project's own key of the array, and its name in the queue. */
  submission: z.string(),
  index: z.int().nonnegative(),
  study: z.string(),
  kind: ElementKindSchema,
  /** Names of the runs or models that it does, one after another, and their fingerprints. */
  labels: z.array(z.string()),
  runs: z.array(z.string()),
  /** Slurm's id of it, such as `12_3`; null while it is not known. */
  job: z.string().nullable(),
  state: ElementStateSchema,
  /** What the queue says, in its own words: `PENDING (Priority)`; null where it says nothing. */
  queueWords: z.string().nullable(),
  node: z.string().nullable(),
  /** When it began, or was submitted where it waits; ISO 8601, null where nobody knows. */
  since: z.string().nullable(),
  /** Of the tokens of a run that it trains, 0 to 1; null where nothing is told. */
  share: z.number().nullable(),
  /** Path of its log, as the machine that submitted has it; null before it is known. */
  log: z.string().nullable()
})
export type ClusterElement = z.infer<typeof ClusterElementSchema>

/** What of a node is in use, by anybody's jobs. */
export const NodeUseSchema = z.strictObject({
  /** Memory that Slurm gave to jobs, used or not; null where it does not share out memory. */
  memoryAllocatedMegabytes: z.number().nullable(),
  /** Memory that nothing uses, as the node measured it last; null where it says nothing. */
  memoryFreeMegabytes: z.number().nullable(),
  /** Generic resources that jobs have, and which: `gpu:2(IDX:0,2)`; null without. */
  gresUsed: z.string().nullable()
})
export type NodeUse = z.infer<typeof NodeUseSchema>

/** A node in a partition, as `sinfo` lists it. */
export const ClusterNodeSchema = z.strictObject({
  name: z.string(),
  /** One that is the default has no star here. */
  partition: z.string(),
  isDefaultPartition: z.boolean(),
  state: z.string(),
  cpus: z.strictObject({ allocated: z.number(), idle: z.number(), total: z.number() }),
  memoryMegabytes: z.number().nullable(),
  /** Generic resources, such as `gpu:2`; null without. */
  gres: z.string().nullable(),
  /** Why it is out of use; null where it is not. */
  reason: z.string().nullable(),
  /** Null where the cluster does not say. */
  use: NodeUseSchema.nullable()
})
export type ClusterNode = z.infer<typeof ClusterNodeSchema>

/** What a project has on a cluster now. */
export const ClusterViewSchema = z.strictObject({
  study: z.string(),
  /** The host that is asked by `ssh`; null: this machine asks itself. */
  host: z.string().nullable(),
  elements: z.array(ClusterElementSchema),
  nodes: z.array(ClusterNodeSchema),
  /** Why the queue is not known, in words; null where it is. */
  unreachable: z.string().nullable(),
  /** ISO 8601. */
  askedAt: z.string()
})
export type ClusterView = z.infer<typeof ClusterViewSchema>

/** What would be submitted. */
export const ClusterScriptSchema = z.strictObject({
  /** The call of `sbatch`, as one would type it. */
  call: z.string(),
  script: z.string(),
  /** Elements of the first array that the study would submit, and what they do. */
  elements: z.int().nonnegative(),
  kind: ElementKindSchema
})
export type ClusterScript = z.infer<typeof ClusterScriptSchema>

/** The end of an element's log. */
export const ClusterLogSchema = z.strictObject({
  path: z.string(),
  /** Empty where nothing was written yet. */
  text: z.string(),
  /** False where more stands ahead of it. */
  isWhole: z.boolean()
})
export type ClusterLog = z.infer<typeof ClusterLogSchema>

/** One thing that was looked at before anybody relies on a cluster. */
export const ClusterFindingSchema = z.strictObject({
  /** `submit`, `queue`, `time`, `folder`, `write`, `clock`, `version`, `node`, `tensors`, `gpus`; each once. */
  what: z.string(),
  state: z.enum(['good', 'bad', 'unknown']),
  /** What was found, and what to do where it is bad. */
  words: z.string()
})
export type ClusterFinding = z.infer<typeof ClusterFindingSchema>

export const ClusterCheckSchema = z.strictObject({
  study: z.string(),
  findings: z.array(ClusterFindingSchema),
  /** True when nothing is bad. */
  isGood: z.boolean()
})
export type ClusterCheck = z.infer<typeof ClusterCheckSchema>

/** What a project has on a cluster, as a screen is told: asked at the study's own pace. */
export const ClusterReadingSchema = ClusterViewSchema.extend({
  /** Since when it does not answer, ISO 8601; null while it does. Its nodes are those it told of last. */
  unreachableSince: z.string().nullable(),
  /** It is asked again after so many seconds at the earliest. */
  pollSeconds: z.number()
})
export type ClusterReading = z.infer<typeof ClusterReadingSchema>

/** What was submitted for an element. */
export const SubmittedScriptSchema = ClusterScriptSchema.pick({ call: true, script: true })
export type SubmittedScript = z.infer<typeof SubmittedScriptSchema>

const ofStudy = z.strictObject({ study: z.string() })
const ofElement = ofStudy.extend({ element: z.string() })
const draft = z.strictObject({ study: z.unknown() })

/** What an open project is asked of the cluster that a study runs on. */
export const CLUSTER_COMMANDS_ASKED = {
  /** Answered from what was asked last, until the study's pace lets it be asked anew; `again`: now. */
  readCluster: { input: ofStudy.extend({ again: z.boolean() }), output: ClusterReadingSchema },
  /** Takes elements out of the queue; `elements` null: all that wait or run. */
  cancelElements: {
    input: ofStudy.extend({ elements: z.array(z.string()).max(100_000).nullable() }),
    output: z.strictObject({ cancelled: z.int().nonnegative() })
  },
  readElementLog: { input: ofElement, output: ClusterLogSchema },
  readElementScript: { input: ofElement, output: SubmittedScriptSchema },
  /** What a study, saved or not, would submit; of one that would submit nothing: why not. */
  previewScript: {
    input: draft,
    output: z.strictObject({
      problem: z.string().nullable(),
      script: ClusterScriptSchema.nullable(),
      /** False until the text is prepared: how many elements there are is not known before. */
      isExact: z.boolean()
    })
  },
  /**
   * Submits one tiny element of a study, saved or not; null where it was stopped. Its progress is told under
   * the key `cluster`.
   */
  checkCluster: {
    input: draft,
    output: z.strictObject({ check: ClusterCheckSchema.nullable() })
  },
  stopClusterCheck: { input: z.strictObject({}), output: z.strictObject({}) }
} as const
