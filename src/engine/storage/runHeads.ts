/**
 * `heads.jsonl`: heads of runs that changed since the records were written last.
 *
 * The records of a project with 100,000 runs are 47 MB; a run changes its head twice or more. With many
 * runs each change is a line here, and the records take all of them in at the next whole write, when the
 * project is closed, and when it is opened after a process died. Then the file goes.
 */
import { RunSchema } from '#shared/records'
import type { Run } from '#shared/records'
import { LineLog, removeTree } from './files'
import { readLines } from './lines'
import { projectPaths } from './paths'
import { isThere } from './presence'

/** With fewer runs the records are written as quickly as a line. */
export const MOST_REWRITTEN = 1000

/** The log of a project that is open for writing. */
export class RunHeads {
  readonly #path: string
  #log: LineLog | null = null
  /** True where lines stand in it that the records may lack. */
  isUsed: boolean

  constructor(project: string) {
    this.#path = projectPaths.heads(project)
    this.isUsed = isThere(this.#path)
  }

  /** On disk when the promise resolves. */
  async append(heads: readonly Run[]): Promise<void> {
    this.isUsed = true
    this.#log ??= await LineLog.open(this.#path)
    await this.#log.append(heads)
  }

  /** Removes the file: the records, as they are on disk, have all that stands in it. */
  async drop(): Promise<void> {
    await this.close()
    await removeTree(this.#path)
    this.isUsed = false
  }

  async close(): Promise<void> {
    await this.#log?.close()
    this.#log = null
  }
}

/**
 * Heads with those in their place that changed since the records were written.
 *
 * @throws WorkbenchError `storage/corrupt` naming a line that is not what was written
 */
export async function withNewerHeads(project: string, heads: readonly Run[]): Promise<Run[]> {
  const path = projectPaths.heads(project)
  if (!isThere(path)) return [...heads]
  const all = new Map(heads.map((run) => [run.fingerprint, run]))
  for await (const line of readLines(path)) {
    const { data } = RunSchema.safeParse(line)
    if (data) all.set(data.fingerprint, data)
  }
  return [...all.values()]
}
