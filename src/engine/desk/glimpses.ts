/** Glimpses of projects that are not open: how far their study is, and a small picture of its matrix. */
import { stat } from 'node:fs/promises'
import type { ProjectGlimpse } from '#shared/deskView'
import type { Matrix } from '#shared/evidenceView'
import type { Study } from '#shared/records'
import type { Engine } from '../engine'
import type { ProjectSession } from '../projectSession'
import { projectPaths } from '../storage/paths'
import { studyMatrix } from '../studies/matrix'
import { memberNames } from '../studies/mixtures'
import { subsetCount } from '../studies/subsets'

/**
 * Of more measurements than this no picture is made, in bytes: some 2,000 models on nine domains of
 * fifty documents each, which take 0.2 s to read.
 */
const MOST_BYTES = 8_000_000

/** Nor of more mixtures: planning them would keep the host from answering. */
const MOST_MIXTURES = 2000

/** A picture has at most so many rows and columns; of more, evenly spread ones are shown. */
const MOST_ROWS = 32
const MOST_COLUMNS = 24

const NOTHING: ProjectGlimpse = { study: null, runs: null, picture: null, leftOut: null }

/** Reads glimpses one after another; each is kept until something of its project changes. */
export class Glimpses {
  readonly #engine: Engine
  readonly #kept = new Map<string, { key: string; glimpse: ProjectGlimpse }>()
  #reading: Promise<unknown> = Promise.resolve()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /**
   * Looks at a project without its lock, reading a bounded part of it.
   *
   * The project is the same that a window would open to look only, so that the picture has the very
   * numbers of the matrix; what would need a worker is left out.
   *
   * @throws WorkbenchError as `Engine.openProject` does
   */
  read(folder: string): Promise<ProjectGlimpse> {
    const reading = this.#reading.then(() => this.#readNow(folder))
    this.#reading = reading.catch(() => undefined)
    return reading
  }

  async #readNow(folder: string): Promise<ProjectGlimpse> {
    const records = await stat(projectPaths.file(folder)).catch(() => null)
    const measured = [projectPaths.measurements(folder), projectPaths.documentNats(folder)]
    const sizes = await Promise.all(measured.map((path) => stat(path).catch(() => null)))
    const measuredBytes = sizes.reduce((sum, one) => sum + (one?.size ?? 0), 0)
    const key = `${records?.mtimeMs} ${records?.size} ${measuredBytes}`
    const known = this.#kept.get(folder)
    if (known?.key === key) return known.glimpse
    const glimpse = await this.#look(folder, measuredBytes)
    this.#kept.set(folder, { key, glimpse })
    return glimpse
  }

  async #look(folder: string, measuredBytes: number): Promise<ProjectGlimpse> {
    if (measuredBytes > MOST_BYTES) {
      return { ...NOTHING, leftOut: 'more is measured than a small picture is made of' }
    }
    const session = await this.#engine.openProject(folder, { readOnly: true })
    try {
      const seen = await Promise.all(session.studies.map((study) => glimpseOf(session, study)))
      return seen.find(({ picture }) => picture) ?? seen.find(({ runs }) => runs) ?? NOTHING
    } finally {
      await session.close()
    }
  }
}

async function glimpseOf(session: ProjectSession, study: Study): Promise<ProjectGlimpse> {
  const about = { ...NOTHING, study: study.name }
  // What a checkpoint outside holds is told by a worker, which nobody waits for on a list.
  if (study.seed.source === 'checkpoint') return about
  const prepared = await session.findPrepared(study)
  if (!prepared) return about
  const units = prepared.partitions.flatMap((partition) => partition.baseUnits)
  const members = memberNames(study.mixtures.over, units).length
  if (mostMixtures(study.mixtures, members) > MOST_MIXTURES) {
    return { ...about, leftOut: 'more mixtures are asked for than a small picture is made of' }
  }
  const { runs, measurements } = await session.status(study)
  const counted = { ...about, runs: { done: runs.done, planned: runs.planned } }
  if (measurements.done === 0) return counted
  return { ...counted, picture: pictureOf(studyMatrix(await session.results(study))) }
}

/** How many mixtures a study may list, without listing them; what was drawn before left out. */
function mostMixtures({ choose, added }: Study['mixtures'], members: number): number {
  const ofSizes = (sizes: number[]) =>
    sizes.reduce((sum, size) => sum + subsetCount(members, size), added.length)
  switch (choose.kind) {
    case 'random':
      return choose.count + added.length
    case 'list':
      return choose.list.length + added.length
    case 'leave-one-out':
      return members + added.length
    case 'sizes':
      return ofSizes(choose.sizes)
    case 'all': {
      const sizes = Array.from({ length: members }, (_, i) => i + 1)
      return ofSizes(sizes.filter((size) => size <= (choose.maximumSize ?? members)))
    }
  }
}

/**
 * A matrix small enough for a list: change against the seed in nats per token, of the first proxy.
 *
 * @returns null where no mixture is measured, or no seed to compare it with
 */
export function pictureOf(matrix: Matrix): ProjectGlimpse['picture'] {
  const proxy = matrix.proxies[0]
  const columns = spread(
    [...matrix.domains.keys()].filter((column) => matrix.domains[column]!.kind !== 'mean'),
    MOST_COLUMNS
  )
  const rows = spread([...matrix.rows.keys()], MOST_ROWS)
  const cells = rows.map((row) =>
    columns.map((column) => {
      const value = proxy?.values[row]?.[column] ?? null
      const seed = matrix.seed[column] ?? null
      return value === null || seed === null ? null : Math.log(value / seed)
    })
  )
  if (!cells.flat().some((cell) => cell !== null)) return null
  return { proxy: proxy!.name, mixtures: matrix.rows.length, domains: columns.length, cells }
}

/** At most so many of a list, evenly spread over it, the first among them. */
function spread<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!)
}
