/** A list of a text's documents: read page by page, or found by words. */
import { toPlain } from '#shared/errors'
import type { DocumentFilter, DocumentLine, DocumentOrder, TextName } from '#shared/storedText'
import type { EngineState } from './engineState.svelte'

const PAGE = 100

/** How far a search is. */
export interface SearchProgress {
  scannedBytes: number
  totalBytes: number
  isDone: boolean
}

/** Documents of one text under a filter; lines that are not read yet are undefined. */
export class DocumentList {
  total = $state(0)
  lines = $state.raw<readonly (DocumentLine | undefined)[]>([])
  /** Null when the list is not of a search. */
  search = $state.raw<SearchProgress | null>(null)
  problem = $state<string | null>(null)

  readonly #engine: EngineState
  #asked = 0
  #sight = { first: 0, end: 0 }
  #pages: Record<number, true> = {}
  #request: { text: TextName; filter: DocumentFilter; order: DocumentOrder } | null = null

  constructor(engine: EngineState) {
    this.#engine = engine
  }

  /** Lists a text from the beginning; with words, looks for them, until all is looked through. */
  async open(
    { role, name }: TextName,
    filter: DocumentFilter,
    order: DocumentOrder,
    words: string
  ): Promise<void> {
    this.#request = { text: { role, name }, filter, order }
    this.#pages = {}
    const asked = ++this.#asked
    if (words !== '') return this.#find(words, asked)
    this.search = null
    await this.#readPage(0, asked)
    // The list may be scrolled already.
    await this.need(this.#sight.first, this.#sight.end)
  }

  /** Reads what lines from `first` up to `end` lack. */
  async need(first: number, end: number): Promise<void> {
    this.#sight = { first, end }
    if (this.search) return
    for (let page = Math.floor(first / PAGE); page * PAGE < Math.min(end, this.total); page++) {
      await this.#readPage(page, this.#asked)
    }
  }

  /** Stops looking; what was found stays. */
  stop(): void {
    this.#asked += 1
    if (this.search) this.search = { ...this.search, isDone: true }
  }

  async #readPage(page: number, asked: number): Promise<void> {
    if (this.#pages[page] || !this.#request) return
    this.#pages[page] = true
    const request = { ...this.#request, study: this.#engine.study, from: page * PAGE, count: PAGE }
    await this.#try(asked, async () => {
      const { total, lines } = await this.#engine.api.listDocuments(request)
      if (asked !== this.#asked) return
      const all = page === 0 ? new Array<DocumentLine | undefined>(total) : [...this.lines]
      lines.forEach((line, index) => (all[page * PAGE + index] = line))
      this.total = total
      this.lines = all
    })
  }

  async #find(words: string, asked: number): Promise<void> {
    const { text, filter } = this.#request!
    let found: DocumentLine[] = []
    let scannedBytes = 0
    let from: number | null = 0
    this.search = { scannedBytes: 0, totalBytes: 0, isDone: false }
    this.lines = []
    this.total = 0
    await this.#try(asked, async () => {
      while (from !== null) {
        const part = await this.#engine.api.searchDocuments({
          study: this.#engine.study,
          text,
          words,
          from,
          filter
        })
        if (asked !== this.#asked) return
        found = [...found, ...part.lines]
        scannedBytes += part.scannedBytes
        from = part.next
        this.lines = found
        this.total = found.length
        this.search = { scannedBytes, totalBytes: part.totalBytes, isDone: from === null }
      }
    })
  }

  async #try(asked: number, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      if (asked === this.#asked) this.problem = null
    } catch (error) {
      const { code, message } = toPlain(error)
      if (asked === this.#asked && code !== 'contract/lost') this.problem = message
    }
  }
}
