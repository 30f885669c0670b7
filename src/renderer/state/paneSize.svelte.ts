/** Sizes of panes that the user drags; each is kept by the browser under its name. */
import { within } from './paneLimits'
import type { PaneLimits } from './paneLimits'

/** The size of one pane. */
export class PaneSize {
  readonly limits: PaneLimits
  #size = $state(0)
  readonly #key: string
  readonly #storage: Storage

  constructor(storage: Storage, name: string, limits: PaneLimits) {
    this.limits = limits
    this.#storage = storage
    this.#key = `assay-pane-${name}`
    const kept = storage.getItem(this.#key)
    this.#size = kept === null ? limits.first : within(Number(kept), limits)
  }

  get size(): number {
    return this.#size
  }

  /** The first size is not kept: it may be another one in a later version. */
  set size(size: number) {
    this.#size = within(size, this.limits)
    if (this.#size === this.limits.first) this.#storage.removeItem(this.#key)
    else this.#storage.setItem(this.#key, String(Math.round(this.#size * 10) / 10))
  }
}
