/** Files as a first look shows them, before anything is imported. */

/** What a look at the first documents of some files shows, before they are imported. */
export interface SourceDescription {
  files: { path: string; format: string; bytes: number }[]
  bytes: number
  /** Fields in the order they were met, each with a few of its values. */
  fields: { name: string; examples: string[]; inDocuments: number; longestExample: number }[]
  /** The field that holds the longest strings: likely the text. */
  likelyTextField: string | null
  documents: { text: string; file: string; position: number }[]
  /** How the rule would tell the looked-at documents apart; null without a rule. */
  partitions: { name: string; documents: number }[] | null
  lookedAt: number
}
