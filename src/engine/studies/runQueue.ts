/** What the user asks of the queue: an order, runs set aside, runs to try again. */
import { WorkbenchError } from '#shared/errors'
import { WaitingRuns } from './waitingRuns'

interface Named {
  fingerprint: string
  role: string
  name: string
}

/**
 * Decides which waiting run is begun next.
 *
 * In memory only: a result is named by what it depends on, and neither order nor holding is part of
 * that. Runs keep to their roles (seed, branches, sequential models), since each builds on the one
 * before; within a role they may come in any order.
 */
export class RunQueue {
  readonly #held = new Set<string>()
  readonly #failed = new Set<string>()
  readonly #training = new Map<string, AbortController>()
  readonly #queued = new Set<string>()
  readonly #ranks = new Map<string, number>()
  /** The list that runs were last taken from, and where they stood in it. */
  readonly #taken = new Map<string, { list: object; place: number }>()
  /** Lists of waiting runs sort themselves anew when it changes. */
  #version = 0
  /** Runs that may have become open again, as lists of waiting runs hear of them. */
  readonly #reopened: string[] = []

  /** Forgets what failed before: a study that is run again tries it again. */
  begin(): void {
    this.#failed.clear()
    this.#version++
  }

  isHeld(run: string): boolean {
    return this.#held.has(run)
  }

  isTraining(run: string): boolean {
    return this.#training.has(run)
  }

  /** True while a run that was begun waits in a cluster's queue. */
  isQueued(run: string): boolean {
    return this.isTraining(run) && this.#queued.has(run)
  }

  /** Keeps whether a run that was begun waits in a cluster's queue, as it tells itself. */
  noteQueued(run: string, isQueued: boolean): void {
    if (isQueued) this.#queued.add(run)
    else this.#queued.delete(run)
  }

  /** True when the run could be begun: not set aside, not failed in this study, not begun. */
  isOpen(run: string): boolean {
    return !this.#held.has(run) && !this.#failed.has(run) && !this.#training.has(run)
  }

  /** Runs of a list that wait, to be taken one by one in the order asked for, else in the list's. */
  waiting<Run extends Named>(runs: readonly Run[]): WaitingRuns<Run> {
    const list = {}
    runs.forEach((run, place) => this.#taken.set(run.fingerprint, { list, place }))
    return new WaitingRuns(runs, {
      isOpen: (run) => this.isOpen(run),
      rankOf: (run) => this.#rankOf(run),
      begin: (run) => this.#training.set(run, new AbortController()),
      version: () => this.#version,
      reopened: this.#reopened
    })
  }

  /** Aborted when a run that was taken is set aside. */
  signalOf(run: string): AbortSignal {
    const controller = this.#training.get(run)
    if (!controller) throw new Error(`the run ${run} was not taken`)
    return controller.signal
  }

  /** Says that a run failed, before anyone is told: who then tries it again is heard. */
  fail(run: string): void {
    this.#failed.add(run)
  }

  /** Gives a run back that was taken. */
  end(run: string, isDone: boolean): void {
    this.#training.delete(run)
    if (isDone) this.#held.delete(run)
    else this.#reopened.push(run)
  }

  /** Sets a run aside; one that trains is asked to stop between two steps. */
  hold(run: string): void {
    this.#held.add(run)
    this.#training.get(run)?.abort(new Error('held by the user'))
  }

  release(run: string): void {
    this.#held.delete(run)
    this.#reopened.push(run)
  }

  /** Lets a failed run be taken again. */
  retry(run: string): void {
    this.#failed.delete(run)
    this.#held.delete(run)
    this.#reopened.push(run)
  }

  /** Runs by role, within each in the order asked for, then as they are taken, then as they stand. */
  inOrder<Run extends Named>(runs: readonly Run[]): Run[] {
    const roles = [...new Set(runs.map((run) => run.role))]
    return roles.flatMap((role) =>
      this.#asTaken(runs.filter((run) => run.role === role)).sort(
        (a, b) => this.#rankOf(a.fingerprint) - this.#rankOf(b.fingerprint)
      )
    )
  }

  /**
   * Puts a run before another, or last of its role.
   *
   * @param runs all of the study, each once, in the plan's order
   * @throws WorkbenchError `run/unknown`; `run/not-movable` past another role
   */
  move(runs: readonly Named[], run: string, before: string | null): void {
    const moving = found(runs, run)
    if (before === run) return
    const peers = this.inOrder(runs.filter((one) => one.role === moving.role))
    const others = peers.filter((one) => one.fingerprint !== run)
    if (before !== null && found(runs, before).role !== moving.role) {
      throw new WorkbenchError(
        'run/not-movable',
        `${moving.name} cannot be moved before ${found(runs, before).name}: the seed comes first, then branches, then sequential models. Move it within its role.`,
        { run: moving.name }
      )
    }
    const place =
      before === null ? others.length : others.findIndex((one) => one.fingerprint === before)
    others.splice(place, 0, moving)
    others.forEach((one, rank) => this.#ranks.set(one.fingerprint, rank))
    this.#version++
  }

  /** Runs of one list stand among the others where they stood, in the list's order. */
  #asTaken<Run extends Named>(runs: readonly Run[]): Run[] {
    const lists = new Map<object, { run: Run; place: number }[]>()
    for (const run of runs) {
      const { list, place } = this.#taken.get(run.fingerprint) ?? {}
      if (!list || place === undefined) continue
      const known = lists.get(list)
      if (known) known.push({ run, place })
      else lists.set(list, [{ run, place }])
    }
    for (const list of lists.values()) list.sort((a, b) => b.place - a.place)
    return runs.map((run) => {
      const taken = this.#taken.get(run.fingerprint)
      return taken ? lists.get(taken.list)!.pop()!.run : run
    })
  }

  #rankOf(run: string): number {
    return this.#ranks.get(run) ?? Number.MAX_SAFE_INTEGER
  }
}

/** What is told to who moves a run that is done. */
export function alreadyTrained(name = 'This run'): WorkbenchError {
  return new WorkbenchError(
    'run/not-movable',
    `${name} is trained already; it has no place to wait.`
  )
}

function found(runs: readonly Named[], run: string): Named {
  const one = runs.find(({ fingerprint }) => fingerprint === run)
  if (one) return one
  throw new WorkbenchError(
    'run/unknown',
    `No run of this study has the fingerprint ${run.slice(0, 12)}. Read the queue again.`,
    { run }
  )
}
