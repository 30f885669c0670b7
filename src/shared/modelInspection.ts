/** What is told of models that lie in folders: their parts, their values, and how they are related. */
import { z } from 'zod'

const count = z.number().int().nonnegative()

/** A model that another one came of, by an id that two folders can agree on. */
export const ModelNodeSchema = z.strictObject({
  /** `run:…`, `merge:…`, `random:…`, `weights:…`, `hub:…`. */
  id: z.string(),
  name: z.string()
})
export type ModelNode = z.infer<typeof ModelNodeSchema>

/** Where a model came from, as its folder says. */
export const AncestrySchema = z.strictObject({
  /** The model itself; null where the folder does not say. */
  self: ModelNodeSchema.nullable(),
  made: z.enum(['trained', 'merged', 'tuned']),
  /** What it was made of: the checkpoint it started from, or the models that were merged. */
  parents: z.array(ModelNodeSchema),
  /** What it and its siblings started from; null where that is not known. */
  ancestor: ModelNodeSchema.nullable(),
  /** File that says so. */
  source: z.string()
})
export type Ancestry = z.infer<typeof AncestrySchema>

/** One thing in which two models differ that keeps them from being merged. */
export const LineageDifferenceSchema = z.strictObject({
  kind: z.enum(['architecture', 'config', 'tensor', 'tokenizer', 'ancestor']),
  /** The model that differs, and the one that it was held against. */
  model: z.string(),
  reference: z.string(),
  /** A key, a tensor, a token. */
  subject: z.string(),
  expected: z.string(),
  found: z.string()
})
export type LineageDifference = z.infer<typeof LineageDifferenceSchema>

/** Models as a graph: every model and ancestor once, an edge from what was to what came of it. */
export const LineageGraphSchema = z.strictObject({
  nodes: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      /** Name of the inspected model, null for one that is only spoken of. */
      model: z.string().nullable()
    })
  ),
  edges: z.array(
    z.strictObject({ from: z.string(), to: z.string(), made: AncestrySchema.shape.made })
  )
})
export type LineageGraph = z.infer<typeof LineageGraphSchema>

/** Whether models may be merged, and if not why not. */
export const LineageCheckSchema = z.strictObject({
  models: z.array(z.string()),
  isMergeable: z.boolean(),
  /** `unknown`: at least one folder does not say, or says it in a way that cannot be compared. */
  ancestry: z.enum(['same', 'different', 'unknown']),
  differences: z.array(LineageDifferenceSchema),
  /** Further differences that are not listed. */
  unlisted: count,
  /** What need not keep anybody from merging, in words. */
  warnings: z.array(z.string()),
  graph: LineageGraphSchema
})
export type LineageCheck = z.infer<typeof LineageCheckSchema>

/** How far models are apart, all tensors taken for one long vector. */
export const ModelDistancesSchema = z.strictObject({
  models: z.array(z.string()),
  /** ‖θ‖ of each. */
  norms: z.array(z.number()),
  /** ‖θa − θb‖ / √((‖θa‖² + ‖θb‖²) / 2). */
  relativeDistances: z.array(z.array(z.number())),
  /** Null where a model is all zero. */
  cosines: z.array(z.array(z.number().nullable())),
  /** Where one of them is what the others started from: the cosines of their ways from it. */
  ways: z
    .strictObject({ from: z.string(), cosines: z.array(z.array(z.number().nullable())) })
    .nullable()
})
export type ModelDistances = z.infer<typeof ModelDistancesSchema>

/** Parts of a model by what they do. */
export const MODEL_BLOCKS = [
  'embedding',
  'attention',
  'feed-forward',
  'norms',
  'head',
  'other'
] as const
export type ModelBlock = (typeof MODEL_BLOCKS)[number]

/** The values of a tensor; those that are no numbers count in `nans` and `infinities` alone. */
export const TensorValuesSchema = z.strictObject({
  /** Null where no value is a number. */
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  standardDeviation: z.number().nullable(),
  zeros: count,
  nans: count,
  infinities: count,
  /**
   * How many lie in each interval of one width, a power of two; the first begins at `from`. Empty
   * intervals at both ends are left out.
   */
  histogram: z.strictObject({ from: z.number(), width: z.number(), counts: z.array(count) })
})
export type TensorValues = z.infer<typeof TensorValuesSchema>

export const TensorInspectionSchema = z.strictObject({
  name: z.string(),
  shape: z.array(count),
  parameters: count,
  dtype: z.string(),
  /** Name of the file that holds it. */
  file: z.string(),
  block: z.enum(MODEL_BLOCKS),
  /** Number of its layer; null outside of them. */
  layer: count.nullable(),
  /** Null where they were not read, or are stored in a type that is not. */
  values: TensorValuesSchema.nullable()
})
export type TensorInspection = z.infer<typeof TensorInspectionSchema>

const share = { tensors: count, parameters: count, bytes: count }

/** One model of a folder. */
export const ModelInspectionSchema = z.strictObject({
  model: z.string(),
  architecture: z.strictObject({
    /** `model_type` and the class of `config.json`; null where it has none. */
    type: z.string().nullable(),
    className: z.string().nullable(),
    /** Sizes that the configuration names, by its own keys. */
    sizes: z.record(z.string(), z.number()),
    isTied: z.boolean()
  }),
  /** Why Assay cannot train or measure it, in words; null where it can. */
  whyNotComputed: z.string().nullable(),
  parameters: count,
  /** Of the weight files. */
  bytes: count,
  files: z.array(z.string()),
  blocks: z.array(z.strictObject({ block: z.enum(MODEL_BLOCKS), ...share })),
  dtypes: z.array(z.strictObject({ dtype: z.string(), ...share })),
  tokenizer: z
    .strictObject({
      file: z.string(),
      kind: z.string(),
      /** Entries; null where the file does not list them. */
      vocabulary: count.nullable(),
      sha256: z.string()
    })
    .nullable(),
  ancestry: AncestrySchema.nullable(),
  /** What is wrong with it, in words, naming tensors. */
  problems: z.array(z.string()),
  tensors: z.array(TensorInspectionSchema)
})
export type ModelInspection = z.infer<typeof ModelInspectionSchema>

/** What inspecting models gives. */
export const InspectionSchema = z.strictObject({
  models: z.array(ModelInspectionSchema),
  lineage: LineageCheckSchema,
  /** Null for one model, and for models of different shapes. */
  distances: ModelDistancesSchema.nullable()
})
export type Inspection = z.infer<typeof InspectionSchema>
