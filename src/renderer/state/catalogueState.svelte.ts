/** What the catalogue shows of a study's text, read when it is looked at and when it changed. */
import { toPlain } from '#shared/errors'
import type {
  StoredText,
  StoredTexts,
  TextLengths,
  TextName,
  UnitPreview
} from '#shared/storedText'
import type { Study } from '#shared/records'
import type { EngineState } from './engineState.svelte'

/** Texts of the shown study, which of them is looked at, and the unit size that is tried. */
export class CatalogueState {
  texts = $state.raw<StoredTexts | null>(null)
  lengths = $state.raw<TextLengths[] | null>(null)
  preview = $state.raw<UnitPreview | null>(null)
  /** Sequences per base unit on the slider; null: as the study has it. */
  tried = $state<number | null>(null)
  chosen = $state.raw<TextName | null>(null)
  /** True while lengths are counted. */
  isCounting = $state(false)
  /** What went wrong last, in words. */
  problem = $state<string | null>(null)
  /** Grows when lists of documents are to be read anew. */
  version = $state(0)

  readonly engine: EngineState
  #asked = 0
  #shown: string | undefined

  constructor(engine: EngineState) {
    this.engine = engine
  }

  get study(): Study | null {
    return this.engine.project?.studies.find(({ name }) => name === this.engine.study) ?? null
  }

  /** The text that is looked at; the first one until another is chosen. */
  get text(): StoredText | null {
    const { texts } = this.texts ?? { texts: [] }
    const chosen = texts.find(
      ({ role, name }) => role === this.chosen?.role && name === this.chosen.name
    )
    return chosen ?? texts[0] ?? null
  }

  /** Lengths of the text that is looked at. */
  get textLengths(): TextLengths | null {
    const { text } = this
    return this.lengths?.find(({ role, name }) => role === text?.role && name === text.name) ?? null
  }

  /** Reads everything anew: what is quick first, the count of tokens last. */
  async read(): Promise<void> {
    const { study } = this
    const asked = ++this.#asked
    if (study?.name !== this.#shown) {
      // What was picked and tried belongs to the study it was picked in.
      this.tried = this.lengths = null
      this.#shown = study?.name
    }
    if (!study || (this.engine.project?.corpora.length ?? 0) === 0) {
      this.texts = this.lengths = this.preview = null
      return
    }
    await this.#try(async () => {
      const { api } = this.engine
      const of = { study: study.name }
      const texts = await api.readTexts(of)
      const preview = await api.previewUnits({
        ...of,
        sequences: this.tried ?? study.unit.sequences
      })
      if (asked !== this.#asked) return
      this.texts = texts
      this.preview = preview
      this.isCounting = true
      const measured = await api.readLengths(of)
      if (asked !== this.#asked) return
      this.texts = measured
      this.lengths = measured.lengths
      this.version += 1
    })
    if (asked === this.#asked) this.isCounting = false
  }

  /** Tries a unit size; an answer that comes after a newer one was asked for is dropped. */
  async tryUnits(sequences: number): Promise<void> {
    const { study } = this
    if (!study) return
    this.tried = sequences
    await this.#try(async () => {
      const preview = await this.engine.api.previewUnits({ study: study.name, sequences })
      if (this.tried === sequences) this.preview = preview
    })
  }

  /** Makes the tried size the study's; undone as every edit of a study is. */
  async saveUnits(): Promise<void> {
    const { study, tried } = this
    if (!study || tried === null) return
    await this.#try(async () => {
      const unit = { ...study.unit, sequences: tried }
      await this.engine.api.saveStudy({ study: { ...study, unit } })
      this.tried = null
    })
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.problem = null
    } catch (error) {
      const { code, message } = toPlain(error)
      // A lost connection is said once, by the frame.
      if (code !== 'contract/lost') this.problem = message
    }
  }
}
