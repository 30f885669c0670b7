/** Text on its way into a project: dropped, looked at, imported; one import at a time. */
import type { EngineEvent, ProjectApi } from '#shared/contract'
import { WorkbenchError } from '#shared/errors'
import type { ProjectSession } from '../projectSession'
import type { Drops } from './drops'

/** What importing asks of the project's host. */
interface ImportHost {
  tell(event: EngineEvent): void
  /** @throws WorkbenchError `storage/locked` */
  assertWritable(): void
}

/** The contract's part on text that comes in. */
export class TextImport {
  readonly #session: ProjectSession
  readonly #host: ImportHost
  readonly #drops: Drops
  #importing: {
    name: string
    controller: AbortController
    ended: Promise<unknown>
  } | null = null

  constructor(session: ProjectSession, drops: Drops, host: ImportHost) {
    this.#session = session
    this.#host = host
    this.#drops = drops
  }

  /** Name of the corpus that is being imported; null when none is. */
  get importing(): string | null {
    return this.#importing?.name ?? null
  }

  /** Removes what a process that died left behind. */
  sweep(): Promise<void> {
    return this.#drops.sweep()
  }

  beginDrop: ProjectApi['beginDrop'] = async ({ files }) => {
    this.#host.assertWritable()
    return { drop: await this.#drops.begin(files) }
  }

  /** A drop of files that lie on this machine: for shells, whose people choose paths. */
  adoptDrop(paths: string[]): string {
    this.#host.assertWritable()
    return this.#drops.adopt(paths)
  }

  addToDrop: ProjectApi['addToDrop'] = async ({ drop, file, base64 }) => {
    const piece = Buffer.from(base64, 'base64')
    await this.#told(drop, this.#drops.add(drop, file, piece))
    return {}
  }

  /** What is being imported is read to its end first. */
  discardDrop: ProjectApi['discardDrop'] = async ({ drop }) => {
    await this.#drops.discard(drop)
    return {}
  }

  previewDrop: ProjectApi['previewDrop'] = async ({ drop, textField, partition, task }) => {
    const job = {
      paths: this.#drops.sources(drop).paths,
      ...(textField === undefined ? {} : { textField }),
      ...(partition === undefined ? {} : { partition }),
      ...(task === undefined ? {} : { task })
    }
    const seen = await this.#told(drop, this.#session.previewSources(job))
    const files = seen.files.map((file) => ({ ...file, path: this.#drops.label(drop, file.path) }))
    return { ...seen, files }
  }

  importDrop: ProjectApi['importDrop'] = async ({ drop, domainKind, take, task, ...rest }) => {
    this.#host.assertWritable()
    if (this.#importing) {
      throw new WorkbenchError(
        'corpus/importing',
        `${this.#importing.name} is being imported. Wait for it, or cancel it.`
      )
    }
    const options = {
      ...rest,
      ...(domainKind === undefined ? {} : { domainKind }),
      ...(take === undefined ? {} : { take }),
      ...(task === undefined ? {} : { task }),
      ...this.#drops.sources(drop),
      inPlace: false
    }
    const controller = new AbortController()
    const importing = this.#session.importCorpus(options, {
      signal: controller.signal,
      onProgress: (progress) => this.#host.tell({ kind: 'progress', key: 'import', progress })
    })
    const ended = importing.catch(() => undefined)
    this.#importing = { name: rest.name, controller, ended }
    this.#host.tell({ kind: 'desk' })
    try {
      const corpus = await this.#drops.using(drop, () => importing)
      await this.#drops.discard(drop)
      return corpus
    } finally {
      this.#importing = null
      this.#host.tell({ kind: 'ended', key: 'import' })
      this.#host.tell({ kind: 'desk' })
    }
  }

  cancelImport: ProjectApi['cancelImport'] = () => {
    this.#importing?.controller.abort(new Error('cancelled by the user'))
    return Promise.resolve({})
  }

  /** Work on a drop; what it fails of names files as they were dropped. */
  #told<Result>(drop: string, work: Promise<Result>): Promise<Result> {
    return work.catch((error: unknown) => {
      throw this.#drops.inWords(drop, error)
    })
  }

  /** Ends an import and lets go of what was dropped. */
  async close(): Promise<void> {
    await this.cancelImport({})
    await this.#importing?.ended
    await this.#drops.discardAll()
  }
}
