/** Checkpoints on their way into the project: handed over, placed, taken in as a study. */
import type { EngineApi } from '#shared/contract'
import { toPlain } from '#shared/errors'
import { DropSender } from './dropSender.svelte'
import type { DroppedFile } from './droppedFiles'
import { firstChoices, numberOf, placedModels, tooMuchToStream } from './modelImportChoice'
import type { ChosenModel } from './modelImportChoice'

/** One import of models, from the drop to the study. */
export class ModelImport {
  stage = $state<'sending' | 'choosing' | 'importing' | 'done'>('sending')
  choices = $state<ChosenModel[]>([])
  name = $state('')
  /** Tokens measured at a time, as typed. */
  window = $state('')
  made = $state.raw<{ branches: number; sequential: number; warnings: string[] } | null>(null)
  /** What went wrong, in words. */
  problem = $state<string | null>(null)
  readonly sender: DropSender

  readonly #api: EngineApi

  /** @param name of the study, which no other one has */
  constructor(api: EngineApi, name: string) {
    this.#api = api
    this.name = name
    this.sender = new DropSender(api)
  }

  /** Hands files over in pieces, then looks for checkpoints. */
  async send(files: readonly DroppedFile[]): Promise<void> {
    const bytes = files.reduce((sum, { file }) => sum + file.size, 0)
    this.problem = tooMuchToStream(bytes) ?? (await this.sender.send(files, () => this.#find()))
  }

  /** Takes what lies on the engine's own machine already. */
  async adopt(drop: string): Promise<void> {
    this.problem = await this.sender.adopt(drop, () => this.#find())
  }

  /** @returns true when the study is there */
  async import(): Promise<boolean> {
    const { drop } = this.sender
    if (drop === null) return false
    const tokens = numberOf(this.window) ?? undefined
    this.stage = 'importing'
    this.problem = null
    try {
      this.made = await this.sender.holding(() =>
        this.#api.importModels({
          drop,
          name: this.name.trim(),
          ...(tokens === undefined ? {} : { window: tokens }),
          models: placedModels($state.snapshot(this.choices) as ChosenModel[])
        })
      )
    } catch (error) {
      this.problem = toPlain(error).message
    }
    this.stage = this.made ? 'done' : 'choosing'
    if (this.made) this.sender.drop = null
    return this.made !== null
  }

  /** Ends the copying; what was handed over stays, so that the choice can be changed. */
  cancel(): Promise<unknown> {
    return this.#api.stopModels({ what: 'take' })
  }

  async #find(): Promise<void> {
    const { drop } = this.sender
    if (drop === null) return
    this.choices = firstChoices(await this.#api.findModels({ drop }))
    this.stage = 'choosing'
  }
}
