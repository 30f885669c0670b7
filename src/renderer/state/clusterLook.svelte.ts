/** A study's cluster while something shows it. */
import type { ClusterReading } from '#shared/clusterView'
import { toPlain } from '#shared/errors'
import { commandsOf } from '#shared/studyCommands'
import type { EngineState } from './engineState.svelte'

/** The engine is asked so often, ms: it asks the cluster at the study's own pace, and answers from that. */
const EVERY_MS = 2000

/** True where the study that is shown runs on a cluster. */
export function isOnCluster(engine: EngineState): boolean {
  return shownStudy(engine)?.executor?.kind === 'slurm'
}

/** True where the study that is shown runs commands of its own. */
export function hasCommands(engine: EngineState): boolean {
  const shown = shownStudy(engine)
  return shown !== undefined && commandsOf(shown).length > 0
}

function shownStudy({ project, study }: EngineState) {
  return project?.studies.find(({ name }) => name === study)
}

/** What is known of the cluster; nothing is asked unless {@link follow} is called. */
export class ClusterLook {
  reading = $state.raw<ClusterReading | null>(null)
  problem = $state<string | null>(null)
  readonly #engine: EngineState

  constructor(engine: EngineState) {
    this.#engine = engine
  }

  /** @param again the cluster itself is asked, not what it said last */
  async read(again = false): Promise<void> {
    const { study } = this.#engine
    try {
      const reading = await this.#engine.api.readCluster({ study, again })
      if (study !== this.#engine.study) return
      this.reading = reading
      this.problem = null
    } catch (error) {
      this.problem = toPlain(error).message
    }
  }

  /** @returns ends it */
  follow(): () => void {
    void this.read()
    const asking = setInterval(() => void this.read(), EVERY_MS)
    return () => clearInterval(asking)
  }
}
