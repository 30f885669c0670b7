/** Cuts documents into windows, and windows into batches. Plain integers, no tensors. */

/** One forward pass over a piece of one document. */
export interface Window {
  document: number
  /** Index of the first input in the document's sequence, 0 being the end-of-text before it. */
  from: number
  /** Inputs, at most `window`. */
  length: number
  /** The last so many inputs predict tokens not yet counted. */
  scored: number
}

/** How a document is cut besides the window's length. */
export interface Cutting {
  /** Tokens that each window after the first scores, at most `window`; `window` when left out. */
  stride?: number
  /** Leading tokens that are seen and never scored, as the context of an answer. */
  context?: number
}

/**
 * Cuts one document into windows.
 *
 * The document's first token is predicted from the end-of-text before it, and every token behind
 * the context is scored exactly once. With a stride below the window each window after the first
 * scores its last `stride` tokens only, so that none is predicted with less text before it than
 * `window` − `stride` tokens; the last window is topped up with text before it in any case.
 *
 * @param tokens ids in the document, without the end-of-text
 * @see https://huggingface.co/docs/transformers/perplexity: the strided windows
 */
export function windowsOf(
  document: number,
  tokens: number,
  window: number,
  { stride = window, context = 0 }: Cutting = {}
): Window[] {
  const windows: Window[] = []
  for (let counted = context; counted < tokens;) {
    const end = Math.min(tokens, Math.max(window, counted + stride))
    const from = Math.max(0, end - window)
    windows.push({ document, from, length: end - from, scored: end - counted })
    counted = end
  }
  return windows
}

/**
 * Groups windows so that little is padded: the longest first, as many together as `capacity`
 * inputs allow.
 *
 * @param capacity inputs of one batch, padding included
 */
export function batchesOf(windows: readonly Window[], capacity: number): Window[][] {
  const ordered = [...windows].sort((a, b) => b.length - a.length)
  const batches: Window[][] = []
  let batch: Window[] = []
  for (const window of ordered) {
    const longest = batch[0]?.length ?? window.length
    if (batch.length > 0 && (batch.length + 1) * longest > capacity) {
      batches.push(batch)
      batch = []
    }
    batch.push(window)
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
