/** A value with its interval as a small bar on a common scale. */
import { widerInterval } from '#shared/evidenceView'
import type { Estimate } from '#shared/evidenceView'
import { axisOver } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'

const WIDTH = 84
const HEIGHT = 14

/**
 * Draws an estimate between two ends, a hairline where chance would lie.
 *
 * It stands beside the numbers that it draws, and so says nothing by itself.
 */
export function intervalBar(
  estimate: Estimate,
  scale: { low: number; high: number; chance: number }
): Piece {
  const x = axisOver([scale.low, scale.high], [3, WIDTH - 3])
  const inside = (value: number) => x(Math.min(scale.high, Math.max(scale.low, value))).toFixed(1)
  const { value } = estimate
  const interval = value === null ? null : widerInterval(estimate)
  const middle = HEIGHT / 2
  const chance = x(scale.chance).toFixed(1)
  return markup`<svg class="bar" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true">
<line class="grid" x1="3" x2="${WIDTH - 3}" y1="${middle}" y2="${middle}"/><line class="grid" x1="${chance}" x2="${chance}" y1="0" y2="${HEIGHT}"/>
${
  interval === null
    ? null
    : markup`<line class="interval" x1="${inside(interval.low)}" x2="${inside(interval.high)}" y1="${middle}" y2="${middle}"/>`
}${value === null ? null : markup`<circle class="value" cx="${inside(value)}" cy="${middle}" r="3.2"/>`}</svg>`
}
