/** Text on its way into the project: handed over, looked at, imported. */
import type { EngineApi } from '#shared/contract'
import { toPlain } from '#shared/errors'
import { nameOfSource } from '#shared/names'
import type { Corpus } from '#shared/records'
import type { SourceDescription } from '#shared/sourceDescription'
import type { DroppedFile } from './droppedFiles'
import { chosenRule, chosenTake, firstChoice } from './importChoice'
import type { ImportChoice } from './importChoice'

/** Bytes of a file that are sent at once. */
const PIECE = 2 << 20

/** Changes of the choice are looked at after a pause of so long, in ms. */
const PAUSE_MS = 200

/** One import, from the drop to the corpus. */
export class ImportState {
  stage = $state<'sending' | 'choosing' | 'importing' | 'done'>('sending')
  choice = $state<ImportChoice>(firstChoice('', false))
  sent = $state({ bytes: 0, total: 0, beganAt: 0 })
  seen = $state.raw<SourceDescription | null>(null)
  corpus = $state.raw<Corpus | null>(null)
  /** What went wrong, in words. */
  problem = $state<string | null>(null)
  isLooking = $state(false)

  readonly #api: EngineApi
  #drop: string | null = null
  #isCancelled = false
  #pause: ReturnType<typeof setTimeout> | null = null
  #looks = 0

  constructor(api: EngineApi) {
    this.#api = api
  }

  /** Bytes per second so far; null in the first moments. */
  get rate(): number | null {
    const seconds = (performance.now() - this.sent.beganAt) / 1000
    return seconds > 0.5 ? this.sent.bytes / seconds : null
  }

  /** Hands files over in pieces, then looks at them. */
  async send(files: DroppedFile[]): Promise<void> {
    this.#begin(files.map(({ path }) => path))
    const total = files.reduce((sum, { file }) => sum + file.size, 0)
    this.sent = { bytes: 0, total, beganAt: performance.now() }
    await this.#trying(async () => {
      const sizes = files.map(({ path, file }) => ({ path, bytes: file.size }))
      this.#drop = (await this.#api.beginDrop({ files: sizes })).drop
      for (const [index, { file }] of files.entries()) {
        for (let at = 0; at < file.size && !this.#isCancelled; at += PIECE) {
          const piece = file.slice(at, at + PIECE)
          const base64 = await base64Of(piece)
          await this.#api.addToDrop({ drop: this.#drop, file: index, base64 })
          this.sent.bytes += piece.size
        }
      }
      if (this.#isCancelled) return this.#discard()
      await this.#look()
    })
    // What could not be handed over, or is no text, is of no use.
    if (this.problem !== null && this.stage === 'sending')
      await this.#discard().catch(() => undefined)
  }

  /** Takes what lies on the engine's own machine already. */
  async adopt(drop: string, names: string[]): Promise<void> {
    this.#begin(names)
    this.#drop = drop
    await this.#trying(() => this.#look())
  }

  /** Looks again, soon: the choice changed. */
  lookSoon(): void {
    if (this.#pause) clearTimeout(this.#pause)
    this.#pause = setTimeout(() => void this.#trying(() => this.#look()), PAUSE_MS)
  }

  /** Reads all of it into the project. */
  async import(): Promise<void> {
    const rule = chosenRule(this.choice)
    const take = chosenTake(this.choice)
    const drop = this.#drop
    if (!('rule' in rule) || take === null || drop === null) return
    const { name, role, domainKind, skipBadLines, keepFields, textField } = this.choice
    this.stage = 'importing'
    this.problem = null
    try {
      this.corpus = await this.#api.importDrop({
        drop,
        name,
        role,
        ...(role === 'evaluation' ? { domainKind } : {}),
        textField: textField || (this.seen?.likelyTextField ?? 'text'),
        partition: rule.rule,
        ...(take === undefined ? {} : { take }),
        skipBadLines,
        keepFields: [...keepFields]
      })
      this.#drop = null
      this.stage = 'done'
    } catch (error) {
      this.stage = 'choosing'
      if (!this.#isCancelled) this.problem = toPlain(error).message
      this.#isCancelled = false
    }
  }

  /** Ends the reading; what was handed over stays, so that the choice can be changed. */
  async cancelImport(): Promise<void> {
    this.#isCancelled = true
    await this.#api.cancelImport({})
  }

  /** Lets go of what was handed over. */
  async leave(): Promise<void> {
    // An import goes on without its sheet; the status bar tells of it.
    if (this.stage === 'importing') return
    this.#isCancelled = true
    if (this.stage !== 'sending') await this.#discard().catch(() => undefined)
  }

  #begin(paths: string[]): void {
    const first = paths[0] ?? ''
    const top = first.split('/')[0]!
    this.choice = firstChoice(
      nameOfSource(top),
      paths.some((path) => path.includes('/'))
    )
  }

  async #look(): Promise<void> {
    const drop = this.#drop
    if (drop === null) return
    const look = (this.#looks += 1)
    this.isLooking = true
    const rule = chosenRule(this.choice)
    const seen = await this.#api
      .previewDrop({
        drop,
        ...(this.choice.textField === '' ? {} : { textField: this.choice.textField }),
        ...('rule' in rule ? { partition: rule.rule } : {})
      })
      .finally(() => (this.isLooking = false))
    if (look !== this.#looks) return
    this.seen = seen
    this.problem = null
    if (this.stage !== 'sending') return
    // A year that is kept can be ordered by, and shown as an axis.
    if (seen.likelyYearField !== null) this.choice.keepFields = [seen.likelyYearField]
    this.stage = 'choosing'
  }

  async #trying(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.problem = toPlain(error).message
    }
  }

  async #discard(): Promise<void> {
    const drop = this.#drop
    this.#drop = null
    if (drop !== null) await this.#api.discardDrop({ drop })
  }
}

/** A browser's own way to base64: the part of a data address behind its comma. */
function base64Of(piece: Blob): Promise<string> {
  return new Promise((done, fail) => {
    const reader = new FileReader()
    reader.onload = () => {
      const address = reader.result as string
      done(address.slice(address.indexOf(',') + 1))
    }
    reader.onerror = () => fail(reader.error ?? new Error('the file cannot be read'))
    reader.readAsDataURL(piece)
  })
}
