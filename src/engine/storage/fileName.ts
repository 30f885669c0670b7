/** Names of files as records of a folder have them. */
import { z } from 'zod'

/**
 * A name relative to its folder that leads to nowhere else: a record may come from somebody else, and what it
 * names is read, hashed and told of.
 */
export const FileNameSchema = z
  .string()
  .refine(
    (name) =>
      !/[\\\0]/.test(name) && name.split('/').every((part) => !['', '.', '..'].includes(part)),
    'a file is named relative to its folder, and lies in it'
  )
