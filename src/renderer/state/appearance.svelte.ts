/** Light, dark, or as the system has it; kept by the browser. */

const KEY = 'assay-appearance'
export const APPEARANCES = ['system', 'light', 'dark'] as const
export type AppearanceName = (typeof APPEARANCES)[number]

/** What is chosen; the page follows it at once. */
export class Appearance {
  chosen = $state<AppearanceName>('system')
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
    const kept = storage.getItem(KEY)
    this.choose(APPEARANCES.find((one) => one === kept) ?? 'system')
  }

  choose(name: AppearanceName): void {
    this.chosen = name
    this.#storage.setItem(KEY, name)
    if (name === 'system') delete document.documentElement.dataset['appearance']
    else document.documentElement.dataset['appearance'] = name
  }
}
