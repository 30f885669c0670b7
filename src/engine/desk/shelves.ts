/** Where projects are kept, and how a screen names them: by id, never by path. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import type { DeskView, ShelvedProject } from '#shared/deskView'
import { WorkbenchError } from '#shared/errors'
import { makeFolder, writeFileAtomic } from '../storage/files'
import { PROJECT_FILE } from '../storage/paths'
import { glanceAt } from '../storage/glance'
import { readText } from '../storage/reading'

/** Projects that a screen may open. */
export interface ProjectShelf {
  readonly kind: DeskView['shelf']
  /** Folder of new projects, as people are told; null when none can be made. */
  readonly newProjectsIn: string | null
  list(): Promise<ShelvedProject[]>
  /** @throws WorkbenchError `project/unknown` */
  folderOf(id: string): Promise<string>
  /** Where a new project of a name goes. @throws WorkbenchError `usage/invalid` */
  folderFor(name: string): string
  /** Takes note of a project that was opened; says its id. */
  note(folder: string): Promise<string>
  /** Takes a project off the list. */
  forget(id: string): Promise<void>
}

/** All projects of one folder, by name: what a server has for whoever holds its link. */
export class FolderShelf implements ProjectShelf {
  readonly kind = 'folder'
  readonly newProjectsIn = 'the served folder'
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = resolve(folder)
  }

  async list(): Promise<ShelvedProject[]> {
    if (!existsSync(this.#folder)) return []
    const entries = await readdir(this.#folder, { withFileTypes: true })
    const names = entries
      .filter((one) => existsSync(join(this.#folder, one.name, PROJECT_FILE)))
      .map(({ name }) => name)
    const seen = await Promise.all(names.map((name) => this.#glance(name)))
    return seen.sort((a, b) => (b.changedAt ?? 0) - (a.changedAt ?? 0))
  }

  folderOf(id: string): Promise<string> {
    const folder = join(this.#folder, id)
    const isInside = dirname(folder) === this.#folder
    if (!isInside || !existsSync(join(folder, PROJECT_FILE))) throw unknown(id)
    return Promise.resolve(folder)
  }

  folderFor(name: string): string {
    return join(this.#folder, folderName(name))
  }

  note(folder: string): Promise<string> {
    return Promise.resolve(basename(folder))
  }

  /** What lies in the folder is listed; only removing it there takes it off. */
  forget(): Promise<void> {
    throw new WorkbenchError(
      'usage/invalid',
      'All projects of the served folder are listed. Remove the folder itself to take one off.'
    )
  }

  async #glance(name: string): Promise<ShelvedProject> {
    return { id: name, title: name, where: '', ...(await glanceAt(join(this.#folder, name))) }
  }
}

/** The one project that a shell was given. */
export class SingleShelf implements ProjectShelf {
  readonly kind = 'one'
  readonly newProjectsIn = null
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = resolve(folder)
  }

  async list(): Promise<ShelvedProject[]> {
    const title = basename(this.#folder)
    return [{ id: title, title, where: '', ...(await glanceAt(this.#folder)) }]
  }

  folderOf(id: string): Promise<string> {
    if (id !== basename(this.#folder)) throw unknown(id)
    return Promise.resolve(this.#folder)
  }

  folderFor(): string {
    throw new WorkbenchError(
      'usage/invalid',
      'This engine serves one project. One that serves a folder of projects can make others.'
    )
  }

  note(folder: string): Promise<string> {
    return Promise.resolve(basename(folder))
  }

  forget(): Promise<void> {
    return Promise.resolve()
  }
}

const RecentSchema = z.strictObject({ version: z.literal(1), folders: z.array(z.string()) })

/** More recent projects than this are not listed. */
const MOST_RECENT = 30

/** Projects that were opened lately, wherever they lie: what a desktop remembers in a file. */
export class RecentShelf implements ProjectShelf {
  readonly kind = 'recent'
  readonly newProjectsIn: string
  readonly #file: string

  /**
   * @param file keeps the list; made when first needed
   * @param newProjectsIn folder of projects that are made by name alone
   */
  constructor(file: string, newProjectsIn: string) {
    this.#file = file
    this.newProjectsIn = newProjectsIn
  }

  async list(): Promise<ShelvedProject[]> {
    const folders = await this.#read()
    return Promise.all(
      folders.map(async (folder) => ({
        id: idOf(folder),
        title: basename(folder),
        where: dirname(folder),
        ...(await glanceAt(folder))
      }))
    )
  }

  async folderOf(id: string): Promise<string> {
    const found = (await this.#read()).find((folder) => idOf(folder) === id)
    if (found === undefined) throw unknown(id)
    return found
  }

  folderFor(name: string): string {
    return join(this.newProjectsIn, folderName(name))
  }

  async note(folder: string): Promise<string> {
    const others = (await this.#read()).filter((one) => one !== folder)
    await this.#write([folder, ...others].slice(0, MOST_RECENT))
    return idOf(folder)
  }

  async forget(id: string): Promise<void> {
    await this.#write((await this.#read()).filter((folder) => idOf(folder) !== id))
  }

  /** A list that cannot be read is an empty one: it holds nothing that is not elsewhere. */
  async #read(): Promise<string[]> {
    try {
      return RecentSchema.parse(JSON.parse(await readText(this.#file))).folders
    } catch {
      return []
    }
  }

  async #write(folders: string[]): Promise<void> {
    await makeFolder(dirname(this.#file))
    await writeFileAtomic(this.#file, JSON.stringify({ version: 1, folders }))
  }
}

function idOf(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16)
}

function folderName(name: string): string {
  const folder = name.trim()
  const isPlain = folder !== '' && !/[/\\\0]/.test(folder) && !folder.startsWith('.')
  if (!isPlain || folder.length > 100) {
    throw new WorkbenchError(
      'usage/invalid',
      `"${name}" cannot be the name of a project's folder. A name has 1 to 100 characters, no / or \\, and does not begin with a dot.`,
      { name }
    )
  }
  return folder
}

function unknown(id: string): WorkbenchError {
  return new WorkbenchError(
    'project/unknown',
    `There is no project "${id}" here. It may have been moved or removed; choose one of the list.`,
    { id }
  )
}
