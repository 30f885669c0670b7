/** Colours of marks: Okabe and Ito's eight, told apart by colour-blind eyes too. */
const MARKS = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#d55e00',
  '#56b4e9',
  '#cc79a7',
  '#999933',
  '#888888'
]

/** The colour of the n-th of several things. */
export function markColour(index: number): string {
  return MARKS[index % MARKS.length]!
}

/**
 * Shade of a value on the diverging scale around the seed: purple is better, orange worse.
 *
 * @param change in nats per token; below 0: better than the seed
 * @param most largest change that is shown, in either direction
 */
export function changeShade(change: number, most: number): string {
  const share = Math.round(70 * Math.min(1, Math.abs(change) / (most || 1)))
  return `color-mix(in oklch, var(${change < 0 ? '--better' : '--worse'}) ${share}%, var(--paper))`
}
