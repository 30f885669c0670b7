/** The checkpoints that studies of a project start from, each described once. */
import { join, resolve } from 'node:path'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { projectPaths } from '#engine/storage/paths'
import type { Project } from '#engine/storage/project'
import { readOriginal, writeCache } from '#engine/storage/sealedFiles'
import type { SeedCheckpoint } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { Study } from '#shared/records'

/** What is kept within a project is named from it, so that the project can be moved. */
const INSIDE = /^seeds\/[^/]+\/[^/]+$/

/** Where the checkpoint lies that a study starts from; null where it starts from none. */
export function seedFolder(project: string, { seed }: Study): string | null {
  if (seed.source !== 'checkpoint') return null
  return INSIDE.test(seed.path) ? join(project, seed.path) : resolve(seed.path)
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
   * @throws WorkbenchError `checkpoint/invalid`
   */
  async of(study: Study): Promise<SeedCheckpoint | null> {
    const folder = seedFolder(this.#project.folder, study)
    if (folder === null || study.seed.source !== 'checkpoint') return null
    const name = INSIDE.test(study.seed.path) ? study.seed.path : folder
    const checkpoint = this.#known.get(folder) ?? (await this.#describe(folder, name))
    this.#known.set(folder, checkpoint)
    return checkpoint
  }

  /** What a checkpoint is; a bundle, which may lie elsewhere, remembers it. */
  async #describe(folder: string, name: string): Promise<SeedCheckpoint> {
    const { isBundle, isReadOnly, folder: project } = this.#project
    const kept = projectPaths.seedCheckpoint(project, fingerprintOf(name))
    if (isBundle) return readOriginal(kept) as Promise<SeedCheckpoint>
    const checkpoint = await this.#pool.run('checkpoint', { folder })
    if (!isReadOnly) await writeCache(kept, checkpoint)
    return checkpoint
  }
}
