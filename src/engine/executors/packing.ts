/** How many small models one GPU trains at once. Pure. */

/** What a process takes of a GPU besides its tensors: the driver's context and the libraries' buffers. */
const PROCESS_BYTES = 1e9

/** Share of a GPU's memory that tensors and processes may fill. */
const USED_SHARE = 0.9

/** Above so many parameters a step fills a GPU by itself, and nothing is measured. */
const SMALL_PARAMETERS = 200e6

/** So many at once are tried. */
const TRIED = [1, 2, 4]

/** More at once must be so much faster: they take memory and wait for one another. */
const WORTH = 1.05

/** Training so many at once gives so many tokens per second in all. */
export interface PackedRate {
  atOnce: number
  tokensPerSecond: number
}

/**
 * How many at once are worth measuring: none but 1 where the model is large, where memory is short or
 * unknown, or where there are no more runs than devices.
 *
 * @param neededBytes of one training
 * @param memoryBytes of the GPU; null where it does not say
 * @param runsEach runs that are still to be trained, for each device
 */
export function packingsToTry(
  model: { parameters: number; neededBytes: number },
  memoryBytes: number | null,
  runsEach: number
): number[] {
  if (model.parameters > SMALL_PARAMETERS || memoryBytes === null) return [1]
  const fitting = (memoryBytes * USED_SHARE) / (model.neededBytes + PROCESS_BYTES)
  return TRIED.filter((count) => count === 1 || (count <= fitting && count <= Math.ceil(runsEach)))
}

/** The number at once with the best rate in all; fewer where more gain next to nothing. */
export function bestPacking(rates: readonly PackedRate[]): number {
  const rising = [...rates].sort((a, b) => a.atOnce - b.atOnce)
  let best = rising[0] ?? { atOnce: 1, tokensPerSecond: 0 }
  for (const rate of rising) {
    if (rate.tokensPerSecond > best.tokensPerSecond * WORTH) best = rate
  }
  return best.atOnce
}
