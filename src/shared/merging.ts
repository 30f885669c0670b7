/** Merges of models in folders: what is asked for, and what is foreseen before it is done. */

import { STORED_DTYPES } from './modelExport'
import type { StoredDtype } from './modelExport'

/** How models are merged, by mergekit's names. */
export const MERGE_METHODS = [
  'linear',
  'task_arithmetic',
  'slerp',
  'nuslerp',
  'multislerp',
  'karcher',
  'model_stock',
  'ties',
  'dare_linear',
  'dare_ties',
  'della',
  'della_linear'
] as const
export type MergeMethod = (typeof MERGE_METHODS)[number]

/** Types that weights are merged and stored in. */
export const MERGE_TYPES = STORED_DTYPES
export type MergeType = StoredDtype

/** The names of settings, mergekit's again. */
export const MERGE_SETTINGS = [
  'weight',
  'normalize',
  'lambda',
  'density',
  'rescale',
  'epsilon',
  't',
  'normalize_weights',
  'nuslerp_flatten',
  'nuslerp_row_wise',
  'max_iter',
  'tol',
  'eps',
  'filter_wise'
] as const
export type MergeSetting = (typeof MERGE_SETTINGS)[number]

/**
 * A value for the tensors whose name holds `filter`; for all where that is null. Several numbers are
 * spread over the layers, the first at the first and for what is in none.
 */
export interface SettingRule {
  filter: string | null
  value: number | boolean | number[]
  /** Where it is about one layer only: how the names of its tensors begin. */
  under?: string
}

/** Settings by name; of the rules of one, the first that fits a tensor counts. */
export type MergeSettings = Partial<Record<MergeSetting, SettingRule[]>>

/** What a merge is made of. */
export interface MergeRecipe {
  method: MergeMethod
  /** Folder of the model that the others' differences are taken to; of SLERP the first end. */
  base: string | null
  /** Without the base. Settings of a model go before those of the merge. */
  models: { folder: string; settings: MergeSettings }[]
  settings: MergeSettings
  /** The type of the result; that of each tensor in the models when null. */
  dtype: MergeType | null
  /** Draws what DARE and DELLA drop. */
  randomSeed: number
  /** How many layers the models must have, where the recipe names them. */
  layers?: number
}

/** A model in a merge as it is foreseen. */
export interface PlannedInput {
  folder: string
  role: 'base' | 'model'
  /** As asked for; null where the method has no weights, or where it differs by tensor. */
  weight: number | null
  /** By what the model is multiplied in the result; null where that follows from the values. */
  effective: number | null
}

/** What a merge will do and need, known before a value is read. */
export interface MergePlan {
  method: MergeMethod
  folder: string
  inputs: PlannedInput[]
  /** Settings that differ from tensor to tensor. */
  byTensor: string[]
  tensors: number
  parameters: number
  /** How many of the result's values are of each type. */
  types: Partial<Record<MergeType, number>>
  /** Tensors that are no floating-point numbers: copied where all models agree. */
  copied: number
  bytesRead: number
  bytesWritten: number
  /** Free on the disk of the result now. */
  bytesFree: number
  /** Of the process that merges, at most. */
  peakBytes: number
  /** Of the largest tensor, as float32. */
  largestTensorBytes: number
  warnings: string[]
}

/** What a merge did. */
export interface MergeResult {
  folder: string
  files: string[]
  parameters: number
  bytesRead: number
  bytesWritten: number
  elapsedSeconds: number
  /** Of the process that merged, measured. */
  peakBytes: number
}
