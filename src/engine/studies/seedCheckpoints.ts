/** The checkpoints that studies of a project start from, each described once. */
import { join, resolve } from 'node:path'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { projectPaths } from '#engine/storage/paths'
import type { Project } from '#engine/storage/project'
import { assertSound, readOriginal, writeCache } from '#engine/storage/sealedFiles'
import type { SeedCheckpoint } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { Study } from '#shared/records'

/** What is kept within a project is named from it, so that the project can be moved. */
const INSIDE = /^seeds\/[^/]+\/[^/]+$/

const COPIED_AGAIN =
  'Restore it from a copy of the project, or import the models again into a new project.'

/** Where a checkpoint lies that a study starts from. */
export interface SeedPlace {
  folder: string
  /** Its path within the project; null for one outside. */
  inside: string | null
}

/** Where the checkpoint lies that a study starts from; null where it starts from none. */
export function seedPlace(project: string, { seed }: Study): SeedPlace | null {
  if (seed.source !== 'checkpoint') return null
  const { path } = seed
  return INSIDE.test(path)
    ? { folder: join(project, path), inside: path }
    : { folder: resolve(path), inside: null }
}

/** Checkpoints outside, and those that were taken in with imported models. */
export class SeedCheckpoints {
  readonly #project: Project
  readonly #pool: WorkerPool
  readonly #known = new Map<string, SeedCheckpoint>()

  constructor(project: Project, pool: WorkerPool) {
    this.#project = project
    this.#pool = pool
  }

  /**
   * The checkpoint that branches of a study start from; null where they start from none.
   *
   * @throws WorkbenchError `checkpoint/invalid`; `storage/corrupt` where one that the project keeps is damaged: it
   *   would be taken for another model, and all runs for others
   */
  async of(study: Study): Promise<SeedCheckpoint | null> {
    const place = seedPlace(this.#project.folder, study)
    if (place === null) return null
    const checkpoint = this.#known.get(place.folder) ?? (await this.#describe(place))
    this.#known.set(place.folder, checkpoint)
    return checkpoint
  }

  /** What a checkpoint is; a bundle, which may lie elsewhere, remembers it. */
  async #describe({ folder, inside }: SeedPlace): Promise<SeedCheckpoint> {
    const { isBundle, isReadOnly, folder: project } = this.#project
    const kept = projectPaths.seedCheckpoint(project, fingerprintOf(inside ?? folder))
    if (isBundle) return readOriginal(kept) as Promise<SeedCheckpoint>
    if (inside !== null) await assertSound(folder, undefined, COPIED_AGAIN)
    const checkpoint = await this.#pool.run('checkpoint', { folder })
    if (!isReadOnly) await writeCache(kept, checkpoint)
    return checkpoint
  }
}
