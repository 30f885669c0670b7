/** A whole heat map as a picture to be saved: the window has only the rows in sight. */
import { shadeClass } from './palette'

const SVG = 'http://www.w3.org/2000/svg'
const CELL = { width: 22, height: 14 }
const TYPE = 9

/** What is drawn. */
export interface HeatPicture {
  domains: readonly string[]
  /** `shades` from −1, best, to 1, worst; null: not measured. */
  rows: readonly { name: string; shades: readonly (number | null)[] }[]
}

/** Draws all cells, with names of rows at the left and of columns above, upright. */
export function heatPicture({ domains, rows }: HeatPicture): SVGSVGElement {
  const letters = (names: readonly string[]) =>
    names.reduce((most, one) => Math.max(most, one.length), 4)
  const left = letters(rows.map(({ name }) => name)) * TYPE * 0.6 + 10
  const top = letters(domains) * TYPE * 0.6 + 10
  const size = [left + domains.length * CELL.width + 8, top + rows.length * CELL.height + 8]
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', `0 0 ${size[0]} ${size[1]}`)
  svg.dataset['type'] = String(TYPE)
  domains.forEach((name, d) => {
    const x = left + (d + 0.65) * CELL.width
    svg.append(label(name, `translate(${x},${top - 5}) rotate(-90)`, 'start'))
  })
  rows.forEach(({ name, shades }, r) => {
    const y = top + r * CELL.height
    svg.append(label(name, `translate(${left - 5},${y + CELL.height * 0.72})`, 'end'))
    shades.forEach((shade, d) => svg.append(cell(shade, left + d * CELL.width, y)))
  })
  return svg
}

function cell(shade: number | null, x: number, y: number): SVGRectElement {
  const rect = document.createElementNS(SVG, 'rect')
  const place = { x, y, width: CELL.width - 1, height: CELL.height - 1 }
  for (const [name, value] of Object.entries(place)) rect.setAttribute(name, String(value))
  const own = shadeClass(shade)
  rect.style.fill = shade === null ? 'none' : own === '' ? 'var(--raised)' : `var(--${own})`
  rect.style.stroke = shade === null ? 'var(--line)' : 'none'
  return rect
}

function label(text: string, transform: string, anchor: 'start' | 'end'): SVGTextElement {
  const element = document.createElementNS(SVG, 'text')
  element.textContent = text
  element.setAttribute('transform', transform)
  element.style.fontSize = `${TYPE}px`
  element.style.textAnchor = anchor
  element.style.fill = 'var(--ink)'
  return element
}
