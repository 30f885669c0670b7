/** A search in the window: what is asked, how far it is, what was found; kept while other screens are shown. */
import { toPlain } from '#shared/errors'
import type { SearchConstraint, SearchedMixtures } from '#shared/mixtureSearch'
import { counted } from '../format'
import type { EngineState } from './engineState.svelte'
import { plainDraft, requestOf } from './searchDraft'
import type { SearchDraft } from './searchDraft'

export class Decide {
  draft = $state<SearchDraft>(plainDraft([], []))
  isSearching = $state(false)
  found = $state.raw<SearchedMixtures | null>(null)
  /** What went wrong, and by which constraint. */
  problem = $state.raw<{ message: string; at: SearchConstraint | null } | null>(null)
  /** What became of training. */
  said = $state<string | null>(null)

  readonly #engine: EngineState
  #shown = ''

  constructor(engine: EngineState) {
    this.#engine = engine
  }

  /** Shows a study's domains and members; of another one, nothing is kept. */
  showing(domains: readonly string[], members: readonly string[]): void {
    const { desk, study } = this.#engine
    const shown = JSON.stringify([desk?.open, study, domains, members])
    if (shown === this.#shown) return
    this.#shown = shown
    this.draft = plainDraft(domains, members)
    this.found = this.problem = this.said = null
  }

  async search(): Promise<void> {
    const asked = requestOf($state.snapshot(this.draft) as SearchDraft)
    this.said = null
    if ('problem' in asked) {
      this.problem = { message: asked.problem, at: null }
      return
    }
    this.problem = null
    this.isSearching = true
    const shown = this.#shown
    try {
      const { api, study } = this.#engine
      const { found } = await api.searchMixtures({ study, request: asked.request })
      if (shown !== this.#shown) return
      if (found) this.found = found
      else this.said = 'Stopped: nothing is told of a search that was stopped.'
    } catch (error) {
      const { code, message, details } = toPlain(error)
      const at = code === 'search/infeasible' ? (details['constraint'] as SearchConstraint) : null
      if (shown !== this.#shown) return
      // What was found before is no answer to this.
      this.found = null
      this.problem = { message, at }
    } finally {
      this.isSearching = false
    }
  }

  stop(): Promise<unknown> {
    return this.#engine.order((engine) => engine.stopSearch({}))
  }

  /** Adds the list to verify to what the study trains for real, and runs it. */
  async train(): Promise<void> {
    const mixtures = this.found!.verify.map(({ weights }) => weights)
    this.problem = null
    try {
      const { api, study } = this.#engine
      await api.trainSequentially({ study, mixtures, list: 'top' })
      this.said = `${counted(mixtures.length, 'mixture')} to be trained for real: the study runs.`
    } catch (error) {
      this.problem = { message: toPlain(error).message, at: null }
    }
  }
}
