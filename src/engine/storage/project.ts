/** `project.assay`: the small records of a project, kept by lowdb through an adapter that syncs. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { Low } from 'lowdb'
import { WorkbenchError } from '#shared/errors'
import { PROJECT_VERSION } from '#shared/records'
import type { Corpus, Run, Study } from '#shared/records'
import { isLeftOver } from './draftNames'
import { createFileExclusive, makeFolder, removeTree, writeFileAtomic } from './files'
import { lockProject } from './lock'
import type { ProjectLock } from './lock'
import { PROJECT_FILE, projectPaths } from './paths'
import { emptyProject, parseProject, projectText } from './projectFormat'
import type { FoundProject, ProjectData } from './projectFormat'
import { readText } from './reading'
import { MOST_REWRITTEN, RunHeads, withNewerHeads } from './runHeads'
import { settledHead } from './runs'
import { sweepDrafts } from './sweepDrafts'
import { tidyProject } from './tidyProject'

/**
 * The folder of a project, given the folder or the `project.assay` in it.
 */
export function projectFolder(path: string): string {
  const absolute = resolve(path)
  return basename(absolute) === PROJECT_FILE ? dirname(absolute) : absolute
}

/** A run's newest head, or any other change, which leaves runs alone. */
type Change = { head: Run } | { of: (data: ProjectData) => Partial<Omit<ProjectData, 'runs'>> }

/** A project that is open for writing by this process. */
export class Project {
  readonly folder: string
  readonly #low: Low<ProjectData>
  readonly #lock: ProjectLock | null
  readonly #heads: RunHeads
  /** Where runs stand among all: they keep their place. */
  readonly #places: Map<string, number>
  /** Why it may only be read whoever opens it; null when it may be written. */
  readonly readOnlyBecause: string | null
  /** Settled when nothing is being written any more; what failed was told to who asked. */
  #writing: Promise<void> = Promise.resolve()
  /** Changes that the next write takes along. */
  #waiting: { changes: Change[]; written: Promise<void> } | null = null

  private constructor(
    folder: string,
    low: Low<ProjectData>,
    lock: ProjectLock | null,
    readOnlyBecause: string | null = null
  ) {
    this.folder = folder
    this.#low = low
    this.#lock = lock
    this.#heads = new RunHeads(folder)
    this.#places = new Map(low.data.runs.map(({ fingerprint }, place) => [fingerprint, place]))
    this.readOnlyBecause = readOnlyBecause
  }

  /**
   * Makes a new project in a folder that is empty or not there.
   *
   * @throws WorkbenchError `storage/exists` when the folder holds anything
   */
  static async create(path: string): Promise<Project> {
    const folder = projectFolder(path)
    await assertFree(folder)
    await makeFolder(folder)
    const lock = await lockProject(folder)
    const low = new Low<ProjectData>(adapterFor(folder, null), emptyProject())
    try {
      // Another process may have made one before this one had the lock.
      await assertFree(folder)
      await sweepDrafts(folder, 1)
      await low.write()
    } catch (error) {
      await lock.release()
      throw error
    }
    return new Project(folder, low, lock)
  }

  /**
   * Opens a project. One of an older version is brought to this one, after a copy of its records
   * was kept beside them.
   *
   * @param options `readOnly`: without the lock; nothing may then be written
   * @throws WorkbenchError `storage/missing`, `storage/corrupt`, `storage/newer-version`,
   *   `storage/locked`; `storage/not-writable` where a link leads out of it; `storage/read-only` when it may
   *   only be read
   */
  static async open(path: string, options: { readOnly?: boolean } = {}): Promise<Project> {
    const folder = projectFolder(path)
    if (!existsSync(projectPaths.file(folder))) {
      throw new WorkbenchError(
        'storage/missing',
        `There is no project at ${folder}: no ${PROJECT_FILE} found. Make one there, or choose another folder.`,
        { folder, expected: PROJECT_FILE }
      )
    }
    const lock = options.readOnly ? null : await lockProject(folder)
    try {
      const found = await findProject(folder)
      const low = new Low<ProjectData>(adapterFor(folder, found.text), found.data)
      if (lock) {
        if (found.readOnlyBecause !== null) throw readOnlyError(folder, found.readOnlyBecause)
        await tidyProject(folder)
        if (found.version < PROJECT_VERSION) await bringUpToDate(folder, found.version, low)
        await takeInHeads(folder, low)
      }
      const heads = low.data.runs
      low.data.runs = await Promise.all(heads.map((run) => settledHead(folder, run)))
      for (const [place, run] of lock ? low.data.runs.entries() : []) {
        if (run !== heads[place]) await removeTree(projectPaths.resume(folder, run.fingerprint))
      }
      return new Project(folder, low, lock, found.readOnlyBecause)
    } catch (error) {
      await lock?.release()
      throw error
    }
  }

  /** True when it was opened without the lock; nothing may then be written. */
  get isReadOnly(): boolean {
    return this.#lock === null
  }

  /** True for results without checkpoints and text. */
  get isBundle(): boolean {
    return this.#low.data.isBundle
  }

  /** Fingerprint of the tables that its study was made from; null for a study of text. */
  get tables(): string | null {
    return this.#low.data.tables?.fingerprint ?? null
  }

  /** The records as they would be written now, for a copy. */
  recordsFor(copy: 'whole' | 'bundle'): string {
    return projectText({ ...this.#low.data, isBundle: copy === 'bundle' || this.isBundle })
  }

  get corpora(): readonly Corpus[] {
    return this.#low.data.corpora
  }

  get studies(): readonly Study[] {
    return this.#low.data.studies
  }

  get runs(): readonly Run[] {
    return this.#low.data.runs
  }

  /** Fingerprint of the tokenizer that a choice was once answered with. */
  frozenTokenizer(choice: string): string | null {
    return this.#low.data.tokenizers.find((one) => one.choice === choice)?.fingerprint ?? null
  }

  async freezeTokenizer(choice: string, fingerprint: string): Promise<void> {
    if (this.frozenTokenizer(choice)) return
    await this.#change({
      of: ({ tokenizers }) => ({ tokenizers: [...tokenizers, { choice, fingerprint }] })
    })
  }

  /** Members that mixtures of a choice were drawn from, one list per time they had grown. */
  drawnFrom(choice: string): string[][] {
    return this.#low.data.draws.filter((one) => one.choice === choice).map((one) => one.members)
  }

  async saveDraw(choice: string, members: string[]): Promise<void> {
    const known = this.drawnFrom(choice).map((one) => JSON.stringify(one))
    if (known.includes(JSON.stringify(members))) return
    await this.#change({ of: ({ draws }) => ({ draws: [...draws, { choice, members }] }) })
  }

  /** Adds a corpus; its name must be free. */
  addCorpus(corpus: Corpus): Promise<void> {
    return this.#change({ of: ({ corpora }) => ({ corpora: [...corpora, corpus] }) })
  }

  /** Adds a study, or replaces the one of that name. */
  saveStudy(study: Study): Promise<void> {
    return this.#change({
      of: ({ studies }) => ({ studies: upserted(studies, study, (one) => one.name === study.name) })
    })
  }

  /** Takes a study off; what it trained and measured stays. */
  removeStudy(name: string): Promise<void> {
    return this.#change({
      of: ({ studies }) => ({ studies: studies.filter((one) => one.name !== name) })
    })
  }

  /** Keeps the newest head of a run; on disk when the promise resolves. */
  saveRun(run: Run): Promise<void> {
    return this.#change({ head: run })
  }

  /** Waits for what is being written, then gives the project free. */
  async close(): Promise<void> {
    try {
      await this.#writing
      // Where this fails the heads are on disk all the same.
      if (this.#heads.isUsed && this.#lock) await this.#writeWhole().catch(() => undefined)
      await this.#heads.close()
    } finally {
      await this.#lock?.release()
    }
  }

  /**
   * Changes the records and writes them; what cannot be stored is not there either.
   *
   * Changes follow one another: lowdb rewrites the whole file each time. With many runs that takes a
   * while: then their heads go into a log, and what is asked while a write is under way is written
   * together by the next one. Each promise resolves when its change is on disk.
   */
  #change(change: Change): Promise<void> {
    if (this.isReadOnly) throw new Error('a project opened read-only is not written')
    if (this.#waiting && this.runs.length >= MOST_REWRITTEN) {
      this.#waiting.changes.push(change)
      return this.#waiting.written
    }
    const changes = [change]
    const written = this.#writing.then(() => {
      this.#waiting = null
      return this.#write(changes)
    })
    this.#waiting = { changes, written }
    this.#writing = written.catch(() => undefined)
    return written
  }

  async #write(changes: readonly Change[]): Promise<void> {
    const before = this.#low.data
    const heads = changes.flatMap((change) => ('head' in change ? [change.head] : []))
    const others = changes.flatMap((change) => ('of' in change ? [change.of] : []))
    const changed = others.reduce((data, of) => ({ ...data, ...of(data) }), before)
    this.#low.data = { ...changed, runs: this.#withHeads(heads) }
    const isLogged = this.#heads.isUsed || before.runs.length >= MOST_REWRITTEN
    try {
      // Before the records too: a line of before must not outlive a newer head.
      if (isLogged && heads.length > 0) await this.#heads.append(heads)
      if (!isLogged || others.length > 0) await this.#writeWhole()
    } catch (error) {
      this.#low.data = before
      throw error
    }
  }

  /** The runs with newest heads in place of those that were; copied once for all of them. */
  #withHeads(heads: readonly Run[]): Run[] {
    const runs = [...this.#low.data.runs]
    for (const head of heads) {
      const known = this.#places.get(head.fingerprint)
      // A head that could not be stored is not there, though its place may be kept.
      const isThere = known !== undefined && runs[known]?.fingerprint === head.fingerprint
      const place = isThere ? known : runs.length
      runs[place] = head
      this.#places.set(head.fingerprint, place)
    }
    return runs
  }

  async #writeWhole(): Promise<void> {
    await this.#low.write()
    if (this.#heads.isUsed) await this.#heads.drop()
  }
}

/**
 * Asserts that a folder holds nothing, or what a creation left that died: its lock, half a file.
 *
 * @throws WorkbenchError `storage/exists`
 */
async function assertFree(folder: string): Promise<void> {
  const isOfCreation = (name: string) =>
    name.startsWith('lock.json') || (name.startsWith(PROJECT_FILE) && isLeftOver(name))
  const names = existsSync(folder) ? await readdir(folder) : []
  if (names.every(isOfCreation)) return
  const isProject = names.includes(PROJECT_FILE)
  throw new WorkbenchError(
    'storage/exists',
    isProject
      ? `${folder} is a project already. Open it, or choose another folder.`
      : `${folder} is not empty. A new project wants an empty folder or one that is not there yet.`,
    { folder, isProject }
  )
}

/** The list with an item in place of the one that is the same, or behind all. */
function upserted<T>(list: T[], item: T, isSame: (one: T) => boolean): T[] {
  const index = list.findIndex(isSame)
  return index < 0 ? [...list, item] : list.with(index, item)
}

/** The records of a project, read without a lock. */
export async function readProjectFile(folder: string): Promise<ProjectData> {
  return (await findProject(folder)).data
}

async function findProject(folder: string): Promise<FoundProject & { text: string }> {
  const path = projectPaths.file(folder)
  const text = await readText(path)
  const found = parseProject(text, path)
  return { ...found, data: await withHeads(folder, found.data), text }
}

async function withHeads(folder: string, data: ProjectData): Promise<ProjectData> {
  return { ...data, runs: await withNewerHeads(folder, data.runs) }
}

/** What a process that died had told the log of heads alone. */
async function takeInHeads(folder: string, low: Low<ProjectData>): Promise<void> {
  const heads = new RunHeads(folder)
  if (!heads.isUsed) return
  await low.write()
  await heads.drop()
}

/** Keeps the records as they were, then writes them as this version has them. */
async function bringUpToDate(
  folder: string,
  version: number,
  low: Low<ProjectData>
): Promise<void> {
  const before = await readText(projectPaths.file(folder))
  await createFileExclusive(projectPaths.backup(folder, version), before)
  await low.write()
}

function readOnlyError(folder: string, because: string): WorkbenchError {
  return new WorkbenchError(
    'storage/read-only',
    `${folder} can only be read. ${because} Open it to look only.`,
    { folder, because }
  )
}

/** @param text what stands in the file, known to be sound; null in a new project */
function adapterFor(folder: string, text: string | null) {
  let standing = text
  return {
    read: () => readProjectFile(folder),
    write: async (data: ProjectData) => {
      const next = projectText(data)
      // At any moment both files are whole, and the older is the newer or the one before it.
      if (standing !== null) await writeFileAtomic(projectPaths.before(folder), standing)
      await writeFileAtomic(projectPaths.file(folder), next)
      standing = next
    }
  }
}
