/** Files as a first look shows them, before anything is imported. */
import { z } from 'zod'
import { TaskFieldsSchema } from './textEvaluation'

const count = z.number().int().nonnegative()

/** What a look at the first documents of some files shows. */
export const SourceDescriptionSchema = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), format: z.string(), bytes: count })),
  bytes: count,
  /** Fields in the order they were met, each with a few of its values. */
  fields: z.array(
    z.strictObject({
      name: z.string(),
      examples: z.array(z.string()),
      inDocuments: count,
      longestExample: count
    })
  ),
  /** The field that holds the longest strings: likely the text. */
  likelyTextField: z.string().nullable(),
  /** The field that holds a year or a date; null when none does. */
  likelyYearField: z.string().nullable(),
  /** Fields by which the documents are items of a task with choices; null where they are none. */
  likelyTask: TaskFieldsSchema.nullable(),
  documents: z.array(z.strictObject({ text: z.string(), file: z.string(), position: count })),
  /** How the rule would tell the looked-at documents apart; null without a rule. */
  partitions: z.array(z.strictObject({ name: z.string(), documents: count })).nullable(),
  lookedAt: count,
  /** Of those looked at: documents with text, and those whose text is blank, which are left out. */
  withText: count,
  empty: count,
  /** Records that an import would stop at, or pass over where it is told to. */
  bad: z.strictObject({ records: count, first: z.string().nullable() })
})
export type SourceDescription = z.infer<typeof SourceDescriptionSchema>
