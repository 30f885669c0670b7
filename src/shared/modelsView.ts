/** The models of a study as a screen lists, inspects, imports, merges and exports them. */
import { z } from 'zod'
import { MERGE_METHODS, MERGE_SETTINGS } from './merging'
import { ExportChoicesSchema, StoredDtypeSchema } from './modelExport'
import { InspectionSchema } from './modelInspection'
import { ChosenBySchema, StudySchema } from './records'

const count = z.number().int().nonnegative()
const ofStudy = z.strictObject({ study: z.string() })

/** So many models are looked into at once. */
export const MOST_INSPECTED = 8

export const LISTED_ROLES = ['seed', 'branch', 'sequential', 'merge', 'export'] as const

/** A model of a study, or one written into the project's `exports/`. */
export const ListedModelSchema = z.strictObject({
  /** `run:…`, `outside`, `export:…`. */
  id: z.string(),
  /** `merge` and `export`: what lies in `exports/`, several models' or one run's. */
  role: z.enum(LISTED_ROLES),
  name: z.string(),
  partition: z.string().nullable(),
  /** Of a sequential model. */
  mixture: z.string().nullable(),
  /** `gone`: it is known, and its weights are not there, as in a bundle of the results. */
  state: z.enum(['waiting', 'running', 'stopped', 'failed', 'done', 'gone']),
  /** Where it was imported from, or lies outside; null for one that was trained here. */
  source: z.string().nullable(),
  /** It was trained on; null where nobody says. */
  tokens: count.nullable(),
  parameters: count.nullable(),
  /** Of its weight files; null where there are none. */
  bytes: count.nullable(),
  fingerprint: z.string().nullable(),
  /** Within the project; null for one that lies outside. */
  folder: z.string().nullable()
})
export type ListedModel = z.infer<typeof ListedModelSchema>

/** Of what role an imported checkpoint is, as a person may say otherwise. */
const PlacedModelSchema = z.strictObject({
  /** What it is called among what was dropped. */
  source: z.string(),
  role: z.enum(['seed', 'branch', 'sequential']),
  /** Of a branch. */
  partition: z.string().nullable(),
  /** Of a sequential model: members joined by `+`, weights as `name*0.25`. */
  mixture: z.string().nullable(),
  tokens: z.number().int().positive().nullable(),
  chosenBy: ChosenBySchema
})
export type PlacedModel = z.infer<typeof PlacedModelSchema>

/** A checkpoint among what was dropped, as headers tell of it. */
export const FoundModelSchema = PlacedModelSchema.extend({
  className: z.string().nullable(),
  parameters: count.nullable(),
  bytes: count.nullable(),
  /** Why it cannot be read, in words; null where it can. */
  problem: z.string().nullable()
})
export type FoundModel = z.infer<typeof FoundModelSchema>

const SettingValueSchema = z.union([z.number(), z.boolean()])
const SettingsSchema = z.partialRecord(z.enum(MERGE_SETTINGS), SettingValueSchema)
export type SettingValues = z.infer<typeof SettingsSchema>

/** Models of a list merged into one that will lie in `exports/`. */
export const ListedMergeSchema = ofStudy.extend({
  /** Of the folder that will be written. */
  name: z.string().min(1),
  method: z.enum(MERGE_METHODS),
  /** Id of the model that the others' differences are taken to; of SLERP the first end. */
  base: z.string().nullable(),
  models: z.array(z.strictObject({ id: z.string(), settings: SettingsSchema })).min(1),
  settings: SettingsSchema,
  /** Null: as the models are stored. */
  dtype: StoredDtypeSchema.nullable(),
  randomSeed: count
})
export type ListedMerge = z.infer<typeof ListedMergeSchema>

/** A setting of a method; one without a default has to be given. */
const MergeSettingSchema = z.strictObject({
  name: z.enum(MERGE_SETTINGS),
  standard: SettingValueSchema.nullable()
})

/** What a method of merging wants. */
export const MergeMethodSchema = z.strictObject({
  method: z.enum(MERGE_METHODS),
  base: z.enum(['required', 'optional', 'unused']),
  /** Models besides the base, at least and at most. */
  models: z.tuple([count, count]),
  shared: z.array(MergeSettingSchema),
  perModel: z.array(MergeSettingSchema)
})
export type MergeMethodRules = z.infer<typeof MergeMethodSchema>

/** What a merge will do and need, models by their names in the list. */
export const ForeseenMergeSchema = z.strictObject({
  /** Within the project. */
  folder: z.string(),
  inputs: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(['base', 'model']),
      weight: z.number().nullable(),
      /** By what it is multiplied in the result; null where that follows from the values. */
      effective: z.number().nullable()
    })
  ),
  tensors: count,
  parameters: count,
  types: z.partialRecord(StoredDtypeSchema, count),
  bytesRead: count,
  bytesWritten: count,
  bytesFree: count,
  /** Of the process that merges, at most. */
  peakBytes: count,
  warnings: z.array(z.string())
})
export type ForeseenMerge = z.infer<typeof ForeseenMergeSchema>

/** What goes on with models, each told under its key as progress, and stopped by it. */
export const MODEL_WORK = ['inspect', 'take', 'merge', 'write'] as const
export type ModelWorkKey = (typeof MODEL_WORK)[number]

/** What an open project is asked of its models. What was stopped is answered with null. */
export const MODEL_COMMANDS = {
  readModels: { input: ofStudy, output: z.array(ListedModelSchema) },
  /** Reads every value the first time; kept by what the models are. */
  inspectModels: {
    input: ofStudy.extend({ models: z.array(z.string()).min(1).max(MOST_INSPECTED) }),
    output: InspectionSchema.nullable()
  },
  /** Which checkpoints there are in what was dropped, and what each seems to be a model of. */
  findModels: {
    input: z.strictObject({ drop: z.string() }),
    output: z.array(FoundModelSchema)
  },
  /** Takes checkpoints into the project, and adds the study of them. */
  importModels: {
    input: z.strictObject({
      drop: z.string(),
      /** Of the study, which is not there yet. */
      name: StudySchema.shape.name,
      /** Tokens measured at a time. */
      window: z.number().int().positive().optional(),
      models: z.array(PlacedModelSchema).min(1)
    }),
    output: z
      .strictObject({ branches: count, sequential: count, warnings: z.array(z.string()) })
      .nullable()
  },
  /** Writes the checkpoint of a run as a Hugging Face folder within the project. */
  exportRun: {
    input: ofStudy.extend({ model: z.string(), ...ExportChoicesSchema.shape }),
    output: z
      .strictObject({ folder: z.string(), files: z.array(z.string()), bytes: count })
      .nullable()
  },
  readMergeMethods: { input: z.strictObject({}), output: z.array(MergeMethodSchema) },
  /** What a merge would do and need; of one that cannot be: why not. */
  planMerge: {
    input: ListedMergeSchema,
    output: z.strictObject({ problem: z.string().nullable(), plan: ForeseenMergeSchema.nullable() })
  },
  mergeModels: {
    input: ListedMergeSchema,
    output: z
      .strictObject({ folder: z.string(), bytes: count, seconds: z.number(), peakBytes: count })
      .nullable()
  },
  stopModels: {
    input: z.strictObject({ what: z.enum(MODEL_WORK) }),
    output: z.strictObject({})
  }
} as const
