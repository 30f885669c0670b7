/** Text on its way into the project: handed over, looked at, imported. */
import type { EngineApi } from '#shared/contract'
import { toPlain } from '#shared/errors'
import { nameOfSource } from '#shared/names'
import type { Corpus } from '#shared/records'
import type { SourceDescription } from '#shared/sourceDescription'
import { DropSender } from './dropSender.svelte'
import type { DroppedFile } from './droppedFiles'
import { chosenRule, chosenTake, chosenTask, firstChoice } from './importChoice'
import type { ImportChoice } from './importChoice'

/** Changes of the choice are looked at after a pause of so long, in ms. */
const PAUSE_MS = 200

/** One import, from the drop to the corpus. */
export class ImportState {
  stage = $state<'sending' | 'choosing' | 'importing' | 'done'>('sending')
  choice = $state<ImportChoice>(firstChoice('', false))
  readonly sender: DropSender
  seen = $state.raw<SourceDescription | null>(null)
  corpus = $state.raw<Corpus | null>(null)
  /** What went wrong, in words. */
  problem = $state<string | null>(null)
  isLooking = $state(false)

  readonly #api: EngineApi
  #isCancelled = false
  #pause: ReturnType<typeof setTimeout> | null = null
  #looks = 0

  constructor(api: EngineApi) {
    this.#api = api
    this.sender = new DropSender(api)
  }

  /** Hands files over in pieces, then looks at them. */
  async send(files: DroppedFile[]): Promise<void> {
    this.#begin(files.map(({ path }) => path))
    this.problem = await this.sender.send(files, () => this.#look())
  }

  /** Takes what lies on the engine's own machine already. */
  async adopt(drop: string, names: string[]): Promise<void> {
    this.#begin(names)
    this.problem = await this.sender.adopt(drop, () => this.#look())
  }

  /** Looks again, soon: the choice changed. */
  lookSoon(): void {
    if (this.#pause) clearTimeout(this.#pause)
    this.#pause = setTimeout(() => void this.#lookAgain(), PAUSE_MS)
  }

  /** Reads all of it into the project. */
  async import(): Promise<void> {
    const rule = chosenRule(this.choice)
    const take = chosenTake(this.choice)
    const task = chosenTask(this.choice)
    const { drop } = this.sender
    if (!('rule' in rule) || take === null || drop === null) return
    const { name, role, domainKind, skipBadLines, keepFields, textField } = this.choice
    this.stage = 'importing'
    this.problem = null
    try {
      this.corpus = await this.sender.holding(() =>
        this.#api.importDrop({
          drop,
          name,
          role,
          ...(role === 'evaluation' ? { domainKind } : {}),
          textField: textField || (this.seen?.likelyTextField ?? 'text'),
          partition: rule.rule,
          ...(take === undefined ? {} : { take }),
          skipBadLines,
          keepFields: [...keepFields],
          ...(task ? { task } : {})
        })
      )
      this.sender.drop = null
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

  #begin(paths: string[]): void {
    const first = paths[0] ?? ''
    const top = first.split('/')[0]!
    this.choice = firstChoice(
      nameOfSource(top),
      paths.some((path) => path.includes('/'))
    )
  }

  async #look(): Promise<void> {
    const { drop } = this.sender
    if (drop === null) return
    const look = (this.#looks += 1)
    this.isLooking = true
    const rule = chosenRule(this.choice)
    const task = chosenTask(this.choice)
    const seen = await this.#api
      .previewDrop({
        drop,
        ...(this.choice.textField === '' ? {} : { textField: this.choice.textField }),
        ...('rule' in rule ? { partition: rule.rule } : {}),
        ...(task ? { task } : {})
      })
      .finally(() => (this.isLooking = false))
    if (look !== this.#looks) return
    this.seen = seen
    this.problem = null
    if (this.stage !== 'sending') return
    // A year that is kept can be ordered by, and shown as an axis.
    if (seen.likelyYearField !== null) this.choice.keepFields = [seen.likelyYearField]
    this.stage = 'choosing'
    if (seen.likelyTask === null) return
    this.choice.role = 'evaluation'
    this.choice.isTask = true
    this.choice.task = seen.likelyTask
    await this.#look()
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#look()
    } catch (error) {
      this.problem = toPlain(error).message
    }
  }
}
