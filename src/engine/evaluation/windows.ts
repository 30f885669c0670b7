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

/**
 * Cuts one document into windows.
 *
 * The document's first token is predicted from the end-of-text before it, and every token is
 * scored exactly once.
 *
 * @param tokens ids in the document, without the end-of-text
 */
export function windowsOf(document: number, tokens: number, window: number): Window[] {
  const windows: Window[] = []
  let from = 0
  for (; from + window <= tokens; from += window) {
    windows.push({ document, from, length: window, scored: window })
  }
  if (from < tokens) {
    const begin = Math.max(0, tokens - window)
    windows.push({ document, from: begin, length: tokens - begin, scored: tokens - from })
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
