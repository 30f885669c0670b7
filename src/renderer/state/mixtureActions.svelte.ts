/** What is done to the selected mixtures, how far it is, and what went wrong: shown beside them. */
import { toPlain } from '#shared/errors'
import type { MergeKind } from '#shared/records'
import { counted } from '../format'
import type { EngineState } from './engineState.svelte'

/** Names in one message at most: messages have a size. */
const MOST_AT_ONCE = 2000

export class MixtureActions {
  /** What goes on, in words; null when nothing does. */
  doing = $state<string | null>(null)
  /** What was done last, or what went wrong. */
  said = $state<string | null>(null)
  problem = $state<string | null>(null)

  readonly #engine: EngineState

  constructor(engine: EngineState) {
    this.#engine = engine
  }

  /** Adds mixtures to those trained for real and runs the study. */
  train(names: readonly string[]): Promise<void> {
    return this.#do(`Adding ${counted(names.length, 'mixture')} to what is trained`, async () => {
      const { api, study } = this.#engine
      await api.trainSequentially({ study, mixtures: [...names] })
      return `${counted(names.length, 'mixture')} to be trained for real: the study runs.`
    })
  }

  /** Measures those that are not measured yet. */
  evaluate(names: readonly string[]): Promise<void> {
    return this.#do(`Evaluating ${counted(names.length, 'mixture')}`, async () => {
      const { api, study } = this.#engine
      for (let from = 0; from < names.length; from += MOST_AT_ONCE) {
        const mixtures = names.slice(from, from + MOST_AT_ONCE)
        const { wasStopped } = await api.evaluateMixtures({ study, mixtures })
        if (wasStopped) return 'Stopped: what was measured by then is kept.'
      }
      return `${counted(names.length, 'mixture')} evaluated.`
    })
  }

  /** Writes merges as models, one after the other. */
  exportMerged(names: readonly string[], merge: MergeKind): Promise<void> {
    return this.#do(`Exporting ${counted(names.length, 'mixture')}`, async () => {
      const folders: string[] = []
      const { api, study } = this.#engine
      for (const [i, mixture] of names.entries()) {
        if (names.length > 1) this.doing = `Exporting ${i + 1} of ${names.length}`
        const { folder } = await api.exportMerge({ study, mixture, merge })
        if (folder === null) return `Stopped after ${i} of ${names.length}.`
        folders.push(folder)
      }
      return `Written into the project’s folder: ${folders.join(', ')}`
    })
  }

  /** Puts text on the clipboard. */
  copy(text: string, what: string): Promise<void> {
    return this.#do('Copying', async () => {
      await navigator.clipboard.writeText(text)
      return `Copied ${what} as CSV.`
    })
  }

  /** Asks what goes on to stop between two models. */
  async stop(): Promise<void> {
    await this.#engine.api.stopMixtures({})
  }

  async #do(words: string, work: () => Promise<string>): Promise<void> {
    if (this.doing !== null) return
    this.doing = words
    this.said = this.problem = null
    try {
      this.said = await work()
    } catch (error) {
      this.problem = toPlain(error).message
    } finally {
      this.doing = null
    }
  }
}
