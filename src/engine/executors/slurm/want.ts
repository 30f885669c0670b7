/** What is asked of elements, and what is told of them. */
import type { ElementKind, ElementState } from '#shared/clusterView'

/** What is to be done by some element. */
export interface Want {
  kind: ElementKind
  /** Fingerprint of the text, of the run or of the model, and what it is called. */
  run: string
  label: string
  signal: AbortSignal
  /**
   * Looks whether a result lies in the project.
   *
   * @param left fingerprints that jobs left an outcome of
   * @throws what the job failed by
   */
  look: (left: ReadonlySet<string>) => Promise<boolean>
  /** Told how it stands, again and again. */
  onState?: (state: ElementNews) => void
}

/** How an element stands. */
export interface ElementNews {
  state: ElementState
  /** In words: where it runs, or what it waits for. */
  words: string
}
