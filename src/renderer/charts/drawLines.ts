/** Lines as shapes of a picture that is saved: what the window paints on a canvas. */
import type { Clip, Line, Scales } from './paintLines'

const SVG = 'http://www.w3.org/2000/svg'

/** Draws lines into a layer of a picture; outside of the clip nothing is seen. */
export function drawLines(
  into: SVGGElement,
  lines: readonly Line[],
  scales: Scales,
  clip: Clip
): void {
  const part = document.createElementNS(SVG, 'svg')
  const { left, top, width, height } = clip
  const place = { x: left, y: top, width, height, viewBox: `${left} ${top} ${width} ${height}` }
  for (const [name, value] of Object.entries(place)) part.setAttribute(name, String(value))
  for (const line of lines) part.append(pathOf(line, scales))
  into.append(part)
}

function pathOf({ xs, ys, colour, width, opacity, dash }: Line, { x, y }: Scales): SVGPathElement {
  const path = document.createElementNS(SVG, 'path')
  const points = Array.from(xs, (value, i) => `${x(value).toFixed(2)},${y(ys[i]!).toFixed(2)}`)
  path.setAttribute('d', `M${points.join('L')}`)
  path.style.fill = 'none'
  path.style.stroke = colour
  path.style.strokeWidth = String(width)
  path.style.strokeOpacity = String(opacity)
  if (dash.length > 0) path.style.strokeDasharray = dash.join(' ')
  return path
}
