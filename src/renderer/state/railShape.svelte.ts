/** How wide the list of screens is, or that it shows letters only; kept by the browser. */
import { PaneSize } from './paneSize.svelte'

const KEY = 'assay-rail-narrow'

export class RailShape {
  isNarrow = $state(false)
  /** Its width with names, in px. */
  readonly pane: PaneSize
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
    this.pane = new PaneSize(storage, 'rail', { least: 96, most: 256, first: 136 })
    this.isNarrow = storage.getItem(KEY) !== null
  }

  /** Shows letters in place of names, or names again. */
  readonly fold = (): void => {
    this.isNarrow = !this.isNarrow
    if (this.isNarrow) this.#storage.setItem(KEY, 'yes')
    else this.#storage.removeItem(KEY)
  }
}
