/** What a reader of source files gives, and what it is given. */
export interface SourceDocument {
  text: string
  /** The record as read; of plain text its file and folder. */
  fields: Record<string, unknown>
  /** Label of its file: the path below the folder or glob that was asked for. */
  file: string
  /** Its file's name as a partition: the label without its ending. */
  stem: string
  /** Folder of its file, `/` between folders. */
  folder: string
  /** Line, row or document in the file, counted from 1. */
  position: number
  /** Where its line or file lies in bytes; only of JSONL and plain text. */
  offset?: number
  length?: number
}

/** What the reader of one format is given. */
export interface ReadContext {
  textField: string | null
  fields: string[] | null
  tokenized: TokenizedSource | null
  onBytes: (count: number) => void
  /** Runs a step that may find a bad record: null when it did and such are skipped. */
  attempt<T>(step: () => T): T | null
}

/** What a format's reader gives: a document that does not yet say which file it is from. */
export type ReadDocument = Omit<SourceDocument, 'folder' | 'stem'>

/** How a pre-tokenised file is read. */
export interface TokenizedSource {
  tokenizerFile: string
  /** Id that ends each document. */
  endOfTextId: number
  /** Width of ids in files without a header; by default uint16 up to 65,536 entries. */
  type?: 'uint16' | 'int32' | 'uint32'
}

/** Assigns documents to partitions, many at once; the remainder for those that no rule matched. */
export interface Partitioner {
  assign(documents: readonly SourceDocument[]): Promise<string[]>
  close(): void
}
