/** Least-squares lines of proxy against truth, and how far each may be off; drawn and tabled alike. */
import { z } from 'zod'

/** One line of a fit: that of one group of mixtures, through the group's mean. */
const FittedLineSchema = z.strictObject({
  /** Mixtures in the group. */
  n: z.number().int().nonnegative(),
  /** Their mean proxy and mean truth. */
  meanX: z.number(),
  meanY: z.number(),
  /** Smallest and largest proxy: a line is not drawn beyond what it was fitted to. */
  from: z.number(),
  to: z.number()
})
export type FittedLine = z.infer<typeof FittedLineSchema>

/** A least-squares fit: one line, or parallel ones where groups are compared within themselves. */
export const FitSchema = z.strictObject({
  /** Truth per unit of proxy. */
  slope: z.number(),
  /** Student's t at 97.5 % times the spread of the truth around the lines. */
  reach: z.number(),
  /** Sum of squares of the proxy around the groups' means. */
  squares: z.number(),
  lines: z.array(FittedLineSchema)
})
export type Fit = z.infer<typeof FitSchema>

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
