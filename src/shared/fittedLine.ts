/** Least-squares lines of proxy against truth, and how far each may be off; drawn and tabled alike. */

/** One line of a fit: that of one group of mixtures, through the group's mean. */
export interface FittedLine {
  /** Mixtures in the group. */
  n: number
  /** Their mean proxy and mean truth. */
  meanX: number
  meanY: number
  /** Smallest and largest proxy: a line is not drawn beyond what it was fitted to. */
  from: number
  to: number
}

/** A least-squares fit: one line, or parallel ones where groups are compared within themselves. */
export interface Fit {
  /** Truth per unit of proxy. */
  slope: number
  /** Student's t at 97.5 % times the spread of the truth around the lines. */
  reach: number
  /** Sum of squares of the proxy around the groups' means. */
  squares: number
  lines: FittedLine[]
}

/**
 * A fitted line and its 95 % band at one place.
 *
 * The band is where the mean truth at this proxy lies, pointwise; not where a next mixture would.
 *
 * @returns in the unit of the truth
 * @see Draper & Smith, Applied Regression Analysis, 3rd edition, section 3.1
 */
export function bandAt(fit: Fit, line: FittedLine, x: number) {
  const away = x - line.meanX
  const y = line.meanY + fit.slope * away
  const half = fit.reach * Math.sqrt(1 / line.n + (away * away) / fit.squares)
  return { y, low: y - half, high: y + half }
}
