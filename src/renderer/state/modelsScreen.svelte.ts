/** The models of a study in the window: listed, selected, looked into; kept while other screens are shown. */
import { toPlain } from '#shared/errors'
import type { Inspection } from '#shared/modelInspection'
import { MOST_INSPECTED } from '#shared/modelsView'
import type { ListedModel } from '#shared/modelsView'
import type { EngineState } from './engineState.svelte'
import { whyNotWritable } from './frameActions'
import { filteredModels, sortedModels, whyNotWritten } from './modelRows'
import type { ModelOrder } from './modelRows'
import type { SelectedRows } from './selecting'

export class ModelsScreen {
  /** Null before they were read. */
  models = $state.raw<ListedModel[] | null>(null)
  words = $state('')
  role = $state<ListedModel['role'] | ''>('')
  order = $state.raw<ModelOrder | null>(null)
  /** Ids. */
  selection = $state.raw<SelectedRows>({ picked: null, anchor: null, selected: [] })
  isInspecting = $state(false)
  found = $state.raw<Inspection | null>(null)
  /** What went wrong, in words. */
  problem = $state<string | null>(null)
  /** What was done last. */
  said = $state<string | null>(null)
  rows = $derived(
    sortedModels(filteredModels(this.models ?? [], this.words, this.role), this.order)
  )
  /** Those that are selected, or the one that is picked; what a filter hides is not acted on. */
  chosen = $derived.by(() => {
    if (this.#shown !== this.#current) return []
    const { picked, selected } = this.selection
    const wanted = setOf(selected.length > 0 ? selected : picked === null ? [] : [picked])
    return this.rows.filter(({ id }) => wanted.has(id))
  })

  readonly #engine: EngineState
  /** Project and study that all of it is of. */
  #shown = $state('')

  constructor(engine: EngineState) {
    this.#engine = engine
  }

  /** Of another project or study nothing is kept. */
  showing(): void {
    const shown = this.#current
    if (shown === this.#shown) return
    this.#shown = shown
    this.models = this.found = this.problem = this.said = null
    this.selection = { picked: null, anchor: null, selected: [] }
    this.words = ''
    this.role = ''
  }

  get #current(): string {
    const { desk, study } = this.#engine
    return JSON.stringify([desk?.open, study])
  }

  /** Reads which models there are; what went away is not selected any longer. */
  async read(): Promise<void> {
    const { study } = this.#engine
    if (study === '') return
    const shown = this.#shown
    try {
      const models = await this.#engine.api.readModels({ study })
      if (shown !== this.#shown) return
      this.models = models
      const there = setOf(models.map(({ id }) => id))
      const { picked, anchor, selected } = this.selection
      this.selection = {
        picked: picked !== null && there.has(picked) ? picked : null,
        anchor: anchor !== null && there.has(anchor) ? anchor : null,
        selected: selected.filter((id) => there.has(id))
      }
    } catch (error) {
      const { code, message } = toPlain(error)
      if (code !== 'contract/lost' && shown === this.#shown) this.problem = message
    }
  }

  /** Why the chosen models cannot be looked into; null where they can. */
  get whyNotInspected(): string | null {
    const { chosen } = this
    if (chosen.length === 0) return 'Select models first'
    if (chosen.length > MOST_INSPECTED) return `At most ${MOST_INSPECTED} at once`
    const absent = chosen.find(({ bytes }) => bytes === null)
    return absent ? `The weights of ${absent.name} are not there` : null
  }

  /** Why the chosen models cannot be merged; null where they can. */
  get whyNotMerged(): string | null {
    const { chosen } = this
    const isShut = whyNotWritable(this.#engine)
    if (isShut !== null) return isShut
    if (chosen.length < 2) return 'Select two models or more'
    const absent = chosen.find(({ bytes }) => bytes === null)
    return absent ? `The weights of ${absent.name} are not there` : null
  }

  /** Why the chosen models cannot be written; null where they can. */
  get whyNotExported(): string | null {
    const { chosen } = this
    const isShut = whyNotWritable(this.#engine)
    if (isShut !== null) return isShut
    if (chosen.length === 0) return 'Select models first'
    const unwritten = chosen.find((model) => whyNotWritten(model) !== null)
    return unwritten ? `${unwritten.name}: ${whyNotWritten(unwritten)}` : null
  }

  async inspect(): Promise<void> {
    if (this.isInspecting || this.whyNotInspected !== null) return
    const { api, study } = this.#engine
    const shown = this.#shown
    this.isInspecting = true
    this.problem = this.said = null
    try {
      const models = this.chosen.map(({ id }) => id)
      const found = await api.inspectModels({ study, models })
      if (shown !== this.#shown) return
      if (found) this.found = found
      else this.said = 'Stopped: nothing is told of an inspection that was stopped.'
    } catch (error) {
      if (shown === this.#shown) this.problem = toPlain(error).message
    } finally {
      this.isInspecting = false
    }
  }

  stop(): Promise<unknown> {
    return this.#engine.order((engine) => engine.stopModels({ what: 'inspect' }))
  }
}

function setOf(ids: readonly string[]): ReadonlySet<string> {
  return new Set(ids)
}
