/** Machines that pretend to train: how long a run takes, and whether it fails, follow from a random seed. */
import { WorkbenchError } from '#shared/errors'
import { deriveSeed, seededRandom } from '#engine/statistics/random'
import type { PlannedRun } from '#engine/studies/plan'
import { SAVE_EVERY_MS } from '#engine/workers/jobs'
import type { VirtualTime } from './virtualTime'

/** Seconds between two resume points, as where training is real. */
const SAVE_EVERY = SAVE_EVERY_MS / 1000

/** The cluster of a simulated campaign. */
export interface PretendedCluster {
  nodes: number
  gpusPerNode: number
  /** So many nodes, the last ones, take `slowdown` times as long: the seed trains on the first. */
  slowNodes: number
  slowdown: number
  /** What a GPU of a node that is not slow computes: an assumption. */
  flopsPerSecond: number
  /** Standard deviation of a duration's logarithm: 0 for none, 0.5 for a heavy tail. */
  tail: number
  /** Share of tries that fail, from 0 to under 1. */
  failures: number
  randomSeed: number
}

/** What the slots of a cluster did. */
export interface ClusterUse {
  slots: number
  /** Speeds of all slots added up; 1 is a GPU that is not slow. */
  capacity: number
  /** Seconds in which slots computed, added up. */
  busySeconds: number
  /** What runs took at speed 1, all their tries together, by fingerprint. */
  effort: ReadonlyMap<string, number>
}

/**
 * Checks what a cluster is said to be.
 *
 * @throws WorkbenchError `usage/invalid` naming the setting
 */
export function assertCluster(cluster: PretendedCluster): void {
  const { nodes, gpusPerNode, slowNodes, slowdown, flopsPerSecond, tail, failures } = cluster
  const isWhole = (value: number, least: number) => Number.isSafeInteger(value) && value >= least
  const demands: [string, boolean, string][] = [
    ['nodes', isWhole(nodes, 1), 'a whole number of at least 1'],
    ['gpusPerNode', isWhole(gpusPerNode, 1), 'a whole number of at least 1'],
    [
      'slowNodes',
      isWhole(slowNodes, 0) && slowNodes <= nodes,
      'at most as many as there are nodes'
    ],
    ['slowdown', slowdown >= 1 && Number.isFinite(slowdown), 'a number of at least 1'],
    ['flopsPerSecond', flopsPerSecond > 0 && Number.isFinite(flopsPerSecond), 'a number above 0'],
    ['tail', tail >= 0 && tail <= 3, 'a number from 0 to 3'],
    ['failures', failures >= 0 && failures <= 0.9, 'a share from 0 to 0.9']
  ]
  for (const [setting, isMet, expected] of demands) {
    if (isMet) continue
    const found = String(cluster[setting as keyof PretendedCluster])
    throw new WorkbenchError(
      'usage/invalid',
      `A simulated campaign's ${setting} is ${expected}, found ${found}. Correct it.`,
      { simulated: setting, expected, found }
    )
  }
}

/** Trains runs by waiting: each call takes a slot that is free, and gives it back. */
export class PretendedTrainer {
  readonly #cluster: PretendedCluster
  readonly #time: VirtualTime
  readonly #flopsPerToken: number
  readonly #speeds: number[]
  /** Slots that are free; whoever gives one back takes it again, as a worker's lane does. */
  readonly #free: number[]
  readonly #tries = new Map<string, number>()
  /** Share of a run that its last resume point has. */
  readonly #saved = new Map<string, number>()
  readonly #effort = new Map<string, number>()
  #busySeconds = 0

  constructor(cluster: PretendedCluster, time: VirtualTime, flopsPerToken: number) {
    assertCluster(cluster)
    this.#cluster = cluster
    this.#time = time
    this.#flopsPerToken = flopsPerToken
    const { nodes, gpusPerNode, slowNodes, slowdown } = cluster
    this.#speeds = Array.from({ length: nodes * gpusPerNode }, (_, slot) =>
      Math.floor(slot / gpusPerNode) >= nodes - slowNodes ? 1 / slowdown : 1
    )
    this.#free = [...this.#speeds.keys()].reverse()
  }

  get use(): ClusterUse {
    return {
      slots: this.#speeds.length,
      capacity: this.#speeds.reduce((sum, speed) => sum + speed, 0),
      busySeconds: this.#busySeconds,
      effort: this.#effort
    }
  }

  /**
   * Trains a run on a free slot, from its last resume point: of a try that fails what came after is lost.
   *
   * @throws WorkbenchError `worker/died` where this try is one of those that fail
   */
  async train(run: Pick<PlannedRun, 'fingerprint' | 'name' | 'tokens'>): Promise<void> {
    const slot = this.#free.pop()
    if (slot === undefined) throw new Error('more runs at once than slots')
    const tries = (this.#tries.get(run.fingerprint) ?? 0) + 1
    this.#tries.set(run.fingerprint, tries)
    const { seconds, lostAt } = this.#fate(run, tries)
    const saved = this.#saved.get(run.fingerprint) ?? 0
    const speed = this.#speeds[slot]!
    const effort = seconds * (1 - saved) * (lostAt ?? 1)
    const wall = effort / speed
    await this.#time.wait(wall)
    this.#busySeconds += wall
    this.#effort.set(run.fingerprint, (this.#effort.get(run.fingerprint) ?? 0) + effort)
    this.#free.push(slot)
    if (lostAt === null) return
    const kept = Math.floor(wall / SAVE_EVERY) * SAVE_EVERY * speed
    if (kept > 0) this.#saved.set(run.fingerprint, saved + kept / seconds)
    throw new WorkbenchError('worker/died', `The worker of ${run.name} is pretended to have died.`)
  }

  /** How long a try of a run takes at speed 1, and at what share of it it fails; null: it does not. */
  #fate(run: { fingerprint: string; tokens: number }, tries: number) {
    const { flopsPerSecond, tail, failures, randomSeed } = this.#cluster
    const uniform = (what: string) => {
      // The fingerprint last: seeds that differ in their last letter alone draw alike.
      const random = seededRandom(deriveSeed(randomSeed, what, String(tries), run.fingerprint))
      return () => (random.below(2 ** 32) + 0.5) / 2 ** 32
    }
    const duration = uniform('duration')
    // Box and Muller; the mean of what it is raised to is 1.
    const normal = Math.sqrt(-2 * Math.log(duration())) * Math.cos(2 * Math.PI * duration())
    const factor = Math.exp(tail * normal - (tail * tail) / 2)
    const seconds = ((run.tokens * this.#flopsPerToken) / flopsPerSecond) * factor
    const failure = uniform('failure')
    return { seconds, lostAt: failure() < failures ? failure() : null }
  }
}
