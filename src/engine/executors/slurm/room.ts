/** How many more elements a cluster takes of one study, as far as is known. */
import type { SlurmSettings } from '#shared/executors'
import { sharedAtOnce } from './atOnce'
import type { ArrayLoad } from './atOnce'
import { callClient } from './clients'
import { elementState, isLive, recordOf } from './queue'
import type { QueueRecord } from './queue'
import type { Submission } from './submissions'

type Limits = Pick<SlurmSettings, 'host' | 'mostAtOnce' | 'mostSubmitted'>

/** The room that a study has in the queue, and its limit of elements that run at once. */
export class Room {
  readonly #settings: Limits
  /** So many elements of ours were in the queue when it took no more; null while it took all. */
  #fullAt: number | null = null
  /** What arrays were told since they were submitted, by their names. */
  readonly #atOnce = new Map<string, number>()

  constructor(settings: Limits) {
    this.#settings = settings
  }

  /**
   * How many elements are worth a try.
   *
   * @param open elements of ours in the queue
   */
  toSubmit(open: number): number {
    const { mostSubmitted = Infinity } = this.#settings
    // Where none of ours is there, somebody else's jobs were in the way: they may have left.
    const untilFull = (this.#fullAt ?? Infinity) - open || (open === 0 ? 1 : 0)
    return Math.max(0, Math.min(mostSubmitted - open, untilFull))
  }

  /** It took all that was tried: where it was full once, twice as much is tried the next time. */
  noteTaken(open: number, taken: number): void {
    if (this.#fullAt !== null) this.#fullAt = Math.max(this.#fullAt, open) + 2 * taken
  }

  /** It takes no more than is there. */
  noteFull(open: number): void {
    this.#fullAt = open
  }

  /**
   * Tells arrays how many of their elements may run at once.
   *
   * @param wanting elements that are not submitted yet
   * @returns how many of these may run at once now
   */
  async shareOut(
    submissions: readonly Submission[],
    queue: ReadonlyMap<string, QueueRecord>,
    wanting: number
  ): Promise<number> {
    const loads = submissions.map((one) => loadOf(one, this.#atOnceOf(one), queue))
    const { atOnce, room } = sharedAtOnce(loads, wanting, this.#settings.mostAtOnce)
    for (const { key, array } of submissions) {
      const most = atOnce.get(key)
      if (most === undefined || array === null) continue
      const change = [`JobId=${array}`, `ArrayTaskThrottle=${most}`]
      const { status } = await callClient(this.#settings, 'scontrol', ['update', ...change])
      // What was not changed is asked for again the next time.
      if (status === 0) this.#atOnce.set(key, most)
    }
    return room
  }

  #atOnceOf({ key, atOnce, settings }: Submission): number {
    return this.#atOnce.get(key) ?? atOnce ?? settings.mostAtOnce
  }
}

/** Of one that the queue does not list yet all elements are about to wait. */
function loadOf(
  { key, elements }: Submission,
  atOnce: number,
  queue: ReadonlyMap<string, QueueRecord>
): ArrayLoad {
  const records = elements.map((_, index) => recordOf(queue, key, index))
  if (records.every((one) => one === null)) {
    return { key, atOnce, live: elements.length, running: 0 }
  }
  const states = records.map(elementState)
  return {
    key,
    atOnce,
    live: states.filter(isLive).length,
    running: states.filter((state) => state === 'running').length
  }
}
