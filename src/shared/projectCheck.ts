/** What came of holding every file of a project against its checksum. */
import { z } from 'zod'

const count = z.number().int().nonnegative()

/** A file that is not what was written; its name is relative to the project. */
const DamagedSchema = z.strictObject({
  file: z.string(),
  bytes: count,
  expected: z.string(),
  found: z.string(),
  /** What a repair moves aside; null: it stays where it is. */
  aside: z.string().nullable(),
  /** In words: what is done anew, by whom. */
  redoing: z.string(),
  isRedone: z.boolean()
})

export const FileCheckSchema = z.strictObject({
  files: count,
  bytes: count,
  /** Files without a checksum, of which nothing is known. */
  unsealed: count,
  damaged: z.array(DamagedSchema),
  /** Folders of runs that are being trained: these were neither checked nor moved. */
  inUse: z.array(z.string()),
  /** Where damaged things were moved, relative to the project; null where nothing was. */
  movedTo: z.string().nullable()
})
export type FileCheck = z.infer<typeof FileCheckSchema>

/** Which project's files are checked, of those listed or the open one, and what is done about them. */
export const FileCheckRequestSchema = z.strictObject({
  id: z.string(),
  repair: z.boolean(),
  /** With `repair`: records that were changed by hand are taken as they are. */
  keepEdits: z.boolean()
})
export type FileCheckRequest = z.infer<typeof FileCheckRequestSchema>
