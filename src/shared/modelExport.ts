/** How a model is written for others to open. */
import { z } from 'zod'

/** The types that weights are stored in, by safetensors' names. */
export const STORED_DTYPES = ['F32', 'F16', 'BF16'] as const
export const StoredDtypeSchema = z.enum(STORED_DTYPES)
export type StoredDtype = z.infer<typeof StoredDtypeSchema>

/** What is chosen of an export; all of it has a default: one file of float32. */
export const ExportChoicesSchema = z.strictObject({
  dtype: StoredDtypeSchema.optional(),
  /** Bytes of tensors in one file at most. */
  shardBytes: z.number().int().positive().optional()
})
export type ExportChoices = z.infer<typeof ExportChoicesSchema>
