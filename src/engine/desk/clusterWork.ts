/** The cluster of a study as screens have it: asked at the study's pace, however many look. */
import { relative } from 'node:path'
import type { ClusterLog, ClusterNode, ClusterReading } from '#shared/clusterView'
import type { EngineEvent, ProjectApi } from '#shared/contract'
import { WorkbenchError } from '#shared/errors'
import type { Study } from '#shared/records'
import {
  cancelElements,
  checkCluster,
  clusterScript,
  foreseenScript,
  readCluster,
  readElementLog,
  readElementScript
} from '../cluster'
import { paceOf } from '../executors/slurm/pace'
import type { ProjectSession } from '../projectSession'
import { isStop } from '../studies/runContext'

/** What the work asks of the project's host. */
interface ClusterHost {
  tell(event: EngineEvent): void
  /** @throws WorkbenchError where nothing may be changed */
  assertWritable(): void
}

/** Whoever asks for it now asks so often at most, ms. */
const SHORTEST_MS = 2000

/** Key of the check's progress. */
const CHECK_KEY = 'cluster'

/** What was asked, and when. */
interface Asked<T> {
  at: number
  /** True until it is answered: a cluster that is away takes its time. */
  isOpen: boolean
  answer: Promise<T>
}

/** Reads and steers what a project has on a cluster. */
export class ClusterWork {
  readonly #session: ProjectSession
  readonly #host: ClusterHost
  readonly #readings = new Map<string, Asked<ClusterReading>>()
  readonly #logs = new Map<string, Asked<ClusterLog>>()
  /** By study: what its cluster said when it last answered, and since when it does not. */
  readonly #known = new Map<string, { nodes: ClusterNode[]; unreachableSince: string | null }>()
  #checking: { controller: AbortController; ended: Promise<unknown> } | null = null

  constructor(session: ProjectSession, host: ClusterHost) {
    this.#session = session
    this.#host = host
  }

  readCluster: ProjectApi['readCluster'] = ({ study: name, again }) => {
    const study = this.#session.study(name)
    const key = JSON.stringify([name, study.executor])
    const freshMs = again ? Math.min(SHORTEST_MS, pollMs(study)) : pollMs(study)
    return askedAtPace(this.#readings, key, freshMs, () => this.#read(study))
  }

  /** Whoever asks next is answered anew: what kept the cluster from being asked is gone. */
  forget(): void {
    this.#readings.clear()
  }

  cancelElements: ProjectApi['cancelElements'] = async ({ study: name, elements }) => {
    this.#host.assertWritable()
    const study = this.#session.study(name)
    const cancelled = await cancelElements(this.#session, study, elements ?? undefined)
    this.forget()
    return { cancelled }
  }

  /** A file here is read anew each time; one that has to be fetched, at the study's pace. */
  readElementLog: ProjectApi['readElementLog'] = ({ study: name, element }) => {
    const study = this.#session.study(name)
    const { executor } = study
    const isFar = executor?.kind === 'slurm' && executor.folder !== undefined
    return askedAtPace(this.#logs, element, isFar ? pollMs(study) : 0, async () => {
      const log = await readElementLog(this.#session, study, element)
      return { ...log, path: this.#within(log.path) }
    })
  }

  readElementScript: ProjectApi['readElementScript'] = ({ study, element }) =>
    readElementScript(this.#session, this.#session.study(study), element)

  /** Submits nothing, and writes nothing. */
  async previewScript(study: Study) {
    try {
      return { problem: null, script: await clusterScript(this.#session, study), isExact: true }
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      if (error.code === 'study/not-prepared') {
        return { problem: null, script: foreseenScript(this.#session, study), isExact: false }
      }
      return { problem: error.message, script: null, isExact: false }
    }
  }

  /** @throws WorkbenchError `study/running` while another check goes on */
  async checkCluster(study: Study): ReturnType<ProjectApi['checkCluster']> {
    this.#host.assertWritable()
    if (this.#checking) {
      throw new WorkbenchError(
        'study/running',
        'A cluster is being checked already. Wait for that, or stop it.'
      )
    }
    const controller = new AbortController()
    const { signal } = controller
    const going = checkCluster(this.#session, study, {
      signal,
      onWait: (words, seconds, patience) => this.#tellWaiting(words, seconds, patience)
    })
      .catch((error: unknown) => {
        if (!isStop(error, signal)) throw error
        return null
      })
      .finally(() => {
        this.#checking = null
        this.#host.tell({ kind: 'ended', key: CHECK_KEY })
      })
    this.#checking = { controller, ended: going.catch(() => undefined) }
    return { check: await going }
  }

  /** Stops a check, and waits until its element is out of the queue. */
  async stopCheck(): Promise<Record<string, never>> {
    const checking = this.#checking
    checking?.controller.abort(new Error('stopped by the user'))
    await checking?.ended
    return {}
  }

  #tellWaiting(words: string, done: number, total: number): void {
    const progress = { activity: 'check', label: words, done, total, unit: 'seconds' as const }
    const nothing = { rate: null, secondsLeft: null }
    this.#host.tell({ kind: 'progress', key: CHECK_KEY, progress: { ...progress, ...nothing } })
  }

  async #read(study: Study): Promise<ClusterReading> {
    const view = await readCluster(this.#session, study)
    const before = this.#known.get(study.name) ?? { nodes: [], unreachableSince: null }
    const isReached = view.unreachable === null
    const nodes = isReached ? view.nodes : before.nodes
    const unreachableSince = isReached ? null : (before.unreachableSince ?? view.askedAt)
    this.#known.set(study.name, { nodes, unreachableSince })
    const elements = view.elements.map((one) => ({
      ...one,
      log: one.log === null ? null : this.#within(one.log)
    }))
    return { ...view, elements, nodes, unreachableSince, pollSeconds: pollMs(study) / 1000 }
  }

  /** Where something lies in the project: where that lies is nobody's business. */
  #within(path: string): string {
    return path === '' ? '' : relative(this.#session.folder, path)
  }
}

/** Of a study that runs on this machine: it is refused at once. */
function pollMs({ executor }: Study): number {
  return executor?.kind === 'slurm' ? paceOf(executor).pollMs : 0
}

/** What was answered lately, or is being asked; else asks. What failed is asked again at once. */
function askedAtPace<T>(
  asked: Map<string, Asked<T>>,
  key: string,
  freshMs: number,
  ask: () => Promise<T>
): Promise<T> {
  const before = asked.get(key)
  if (before && (before.isOpen || performance.now() - before.at < freshMs)) return before.answer
  const one: Asked<T> = { at: performance.now(), isOpen: true, answer: ask() }
  asked.set(key, one)
  one.answer.then(
    () => (one.isOpen = false),
    () => asked.get(key) === one && asked.delete(key)
  )
  return one.answer
}
