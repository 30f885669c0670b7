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
  cosines: z.array(z.array(z.number().nullable()))
})
export type ModelDistances = z.infer<typeof ModelDistancesSchema>
