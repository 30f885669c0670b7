/** How a model is written for others to open. */
import { z } from 'zod'

/** The types that weights are stored in, by safetensors' names. */
export const STORED_DTYPES = ['F32', 'F16', 'BF16'] as const
export const StoredDtypeSchema = z.enum(STORED_DTYPES)
export type StoredDtype = z.infer<typeof StoredDtypeSchema>

/** What PyTorch, configurations and flags call them. */
export const DTYPE_NAMES: Readonly<Record<StoredDtype, string>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16'
}

/** Types by these names. */
export const DTYPES_BY_NAME: Readonly<Record<string, StoredDtype>> = Object.fromEntries(
  STORED_DTYPES.map((dtype) => [DTYPE_NAMES[dtype], dtype])
)

/** The same with shorter names, as they are typed. */
export const TYPED_DTYPES: Readonly<Record<string, StoredDtype>> = {
  ...DTYPES_BY_NAME,
  f32: 'F32',
  f16: 'F16',
  fp16: 'F16',
  bf16: 'BF16'
}

/** What is chosen of an export; all of it has a default: one file of float32. */
export const ExportChoicesSchema = z.strictObject({
  dtype: StoredDtypeSchema.optional(),
  /** Bytes of tensors in one file at most. */
  shardBytes: z.number().int().positive().optional()
})
export type ExportChoices = z.infer<typeof ExportChoicesSchema>
