/** A campaign played in virtual time: the real plan, queue and tries; pretended machines. */
import { trainingFlopsPerToken } from '#engine/model/config'
import { distinctRuns, trainingPhases } from '#engine/studies/plan'
import type { PlannedRun, StudyPlan } from '#engine/studies/plan'
import { takeInParallel } from '#engine/studies/runContext'
import { RunQueue } from '#engine/studies/runQueue'
import { shortestLast } from '#engine/studies/trainingOrder'
import { tryAgain } from '#engine/studies/tryAgain'
import { PretendedTrainer } from './pretendedCluster'
import type { ClusterUse, PretendedCluster } from './pretendedCluster'
import { VirtualTime } from './virtualTime'

/** Runs that are begun only when those before are done. */
export interface CampaignPhase {
  what: string
  runs: number
  /** Seconds of virtual time. */
  began: number
  ended: number
  /** Share of all slots' time in which they computed. */
  utilisation: number
}

/** What came of a campaign; all times but the last are pretended. */
export interface Campaign {
  cluster: PretendedCluster
  slots: number
  runs: number
  trained: number
  /** Runs that were given up after their last try. */
  failed: number
  /** Tries that failed and were followed by another. */
  triedAgain: number
  phases: CampaignPhase[]
  /** Seconds from the first run's beginning to the last one's end. */
  makespan: number
  utilisation: number
  /** No order could be quicker, in seconds: the larger of the two. */
  bound: { work: number; criticalPath: number; seconds: number }
  /** Makespan ÷ bound. */
  overBound: number
  /** Wall time of this machine for all that decides what is begun when, in ms: measured. */
  schedulingMs: number
}

/**
 * Plays all trainings of a plan on a pretended cluster.
 *
 * Runs are taken from the queue that studies are run by, phase by phase in the order of training, as
 * many at once as there are slots; a try that fails is followed by another, twice at most. Nothing is
 * measured or stored: of a campaign these take little, and they are not what is asked.
 *
 * @throws WorkbenchError `usage/invalid` for a cluster that cannot be
 * @throws the signal's reason when aborted
 */
export async function simulateCampaign(
  plan: StudyPlan,
  cluster: PretendedCluster,
  signal: AbortSignal
): Promise<Campaign> {
  const begun = performance.now()
  const time = new VirtualTime()
  const trainer = new PretendedTrainer(cluster, time, trainingFlopsPerToken(plan.config))
  const play = new CampaignPlay(plan, trainer, signal)
  const phases: CampaignPhase[] = []
  for (const { what, runs } of trainingPhases(plan)) {
    // The same training may stand for several runs of the plan.
    const left = distinctRuns(runs).filter((run) => !play.trained.has(run.fingerprint))
    if (left.length === 0) continue
    const [began, busy] = [time.now, trainer.use.busySeconds]
    await time.play(play.trainAll(left))
    const { slots, busySeconds } = trainer.use
    const seconds = time.now - began
    const utilisation = seconds > 0 ? (busySeconds - busy) / (slots * seconds) : 0
    phases.push({ what, runs: left.length, began, ended: time.now, utilisation })
    // Nothing else can start without it.
    if (what === 'seed' && !play.trained.has(plan.seed!.fingerprint)) break
  }
  const { slots, busySeconds } = trainer.use
  const bound = boundOf(trainer.use, plan.seed)
  return {
    cluster,
    slots,
    runs: phases.reduce((sum, phase) => sum + phase.runs, 0),
    trained: play.trained.size,
    failed: play.failed,
    triedAgain: play.triedAgain,
    phases,
    makespan: time.now,
    utilisation: time.now > 0 ? busySeconds / (slots * time.now) : 0,
    bound,
    overBound: bound.seconds > 0 ? time.now / bound.seconds : 1,
    schedulingMs: performance.now() - begun
  }
}

/** The loop of a study's trainings, without what it stores. */
class CampaignPlay {
  readonly trained = new Set<string>()
  failed = 0
  triedAgain = 0
  readonly #queue = new RunQueue()
  readonly #plan: StudyPlan
  readonly #trainer: PretendedTrainer
  readonly #signal: AbortSignal

  constructor(plan: StudyPlan, trainer: PretendedTrainer, signal: AbortSignal) {
    this.#plan = plan
    this.#trainer = trainer
    this.#signal = signal
  }

  async trainAll(runs: readonly PlannedRun[]): Promise<void> {
    const atOnce = Math.min(this.#trainer.use.slots, runs.length)
    const waiting = this.#queue.waiting(shortestLast(runs, atOnce, this.#plan))
    const context = { signal: this.#signal, room: { wait: () => Promise.resolve() } }
    await takeInParallel(
      () => waiting.take(),
      atOnce,
      context,
      async (run) => {
        if (await this.#trainOne(run)) waiting.drop(run)
      }
    )
  }

  /** As `trainOne`, on the pretended cluster. */
  async #trainOne(run: PlannedRun): Promise<boolean> {
    let isDone = false
    try {
      await tryAgain(
        this.#signal,
        () => this.#trainer.train(run),
        () => {
          this.triedAgain++
          return Promise.resolve()
        }
      )
      isDone = true
      this.trained.add(run.fingerprint)
    } catch (error) {
      if (this.#signal.aborted) throw error
      this.failed++
      this.#queue.fail(run.fingerprint)
    } finally {
      this.#queue.end(run.fingerprint, isDone)
    }
    return isDone
  }
}

/** Everything waits for the seed; no slot does more than its speed; no run is on two slots. */
function boundOf({ capacity, effort }: ClusterUse, seed: PlannedRun | null): Campaign['bound'] {
  const first = (seed && effort.get(seed.fingerprint)) ?? 0
  let [longest, others] = [0, 0]
  for (const [run, seconds] of effort) {
    if (run === seed?.fingerprint) continue
    longest = Math.max(longest, seconds)
    others += seconds
  }
  const work = first + others / capacity
  const criticalPath = first + longest
  return { work, criticalPath, seconds: Math.max(work, criticalPath) }
}
