/** Saves a figure as a picture that stands alone: light, with its title, colours and type inside. */
import { FONT_FAMILIES, fontFaces } from './figureFont'
import type { Mark } from './marks'
import { resolveStyles } from './plainStyle'

/** A figure as it stands in the window. */
export interface Figure {
  svg: SVGSVGElement
  title: string
  /** What stands under the title: statistics, in words. */
  lines: readonly string[]
  legend: readonly { label: string; mark: Mark }[]
  /** Draws what a canvas shows in the window, as shapes. */
  drawMarks?: (into: SVGGElement) => void
}

const SVG = 'http://www.w3.org/2000/svg'

/** A saved picture is at least so wide, in CSS pixels; PNGs have twice as many. */
const LEAST_WIDTH = 520
const PNG_SCALE = 2

/** The figure as SVG that needs nothing from outside. */
export async function figureSvg(figure: Figure): Promise<string> {
  const picture = figure.svg.cloneNode(true) as SVGSVGElement
  removeComments(picture)
  for (const one of picture.querySelectorAll('[data-screen]')) one.remove()
  const layer = picture.querySelector<SVGGElement>('g[data-marks]')
  if (layer) figure.drawMarks?.(layer)
  addHeading(picture, figure)
  // The theme's light colours are given to whatever stands under this class (theme.css).
  const light = document.createElement('div')
  light.className = 'light-figure'
  light.append(picture)
  document.body.append(light)
  resolveStyles(picture)
  light.remove()
  picture.setAttribute('font-family', FONT_FAMILIES)
  const text = new XMLSerializer().serializeToString(picture)
  // Written into the text: the window's own policy allows no style element.
  return text.replace('>', `><style>${await fontFaces()}</style>`)
}

/** The figure as PNG, two pixels for each of the screen's. */
export async function figurePng(figure: Figure): Promise<Blob> {
  const text = await figureSvg(figure)
  const image = new Image()
  // Not a blob's address: the window's policy lets images come from itself and from data alone.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(image.naturalWidth * PNG_SCALE)
  canvas.height = Math.round(image.naturalHeight * PNG_SCALE)
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob)
      else reject(new Error('The browser has no memory for a picture of this size.'))
    }, 'image/png')
  })
}

/** Hands a file to the user. */
export function saveFile(name: string, blob: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** A title as the name of a file. */
export function fileName(title: string, ending: string): string {
  const plain = title.replace(/[^\p{L}\p{N}.]+/gu, '-').replace(/^-+|-+$/g, '')
  return `${plain || 'figure'}.${ending}`
}

/** Title, lines and legend above the picture, on paper. */
function addHeading(picture: SVGSVGElement, { title, lines, legend }: Figure): void {
  const [x = 0, y = 0, width = 1, height = 1] = (picture.getAttribute('viewBox') ?? '')
    .split(' ')
    .map(Number)
  const type = Number(picture.dataset['type'] ?? 10)
  const step = type * 1.5
  const wrapped = lines.flatMap((line) => wrap(line, width / (type * 0.58)))
  const rows = 1.4 + wrapped.length + legendRows(legend, width, type).length
  const top = y - rows * step - type
  const paper = document.createElementNS(SVG, 'rect')
  const place = { x, y: top, width, height: height + (y - top) }
  for (const [name, value] of Object.entries(place)) paper.setAttribute(name, String(value))
  paper.style.fill = 'var(--paper)'
  picture.prepend(paper)

  let at = top + type * 1.9
  picture.append(textAt(title, x + type, at, type * 1.3, true))
  for (const line of wrapped) picture.append(textAt(line, x + type, (at += step), type, false))
  for (const row of legendRows(legend, width, type)) {
    at += step
    let left = x + type
    for (const { label, mark } of row) {
      picture.append(markAt(mark, left + 5, at - type * 0.35))
      picture.append(textAt(label, left + 14, at, type, false))
      left += labelWidth(label, type)
    }
  }
  picture.setAttribute('viewBox', [x, top, width, place.height].join(' '))
  const zoom = Math.max(1, LEAST_WIDTH / width)
  picture.setAttribute('width', String(Math.round(width * zoom)))
  picture.setAttribute('height', String(Math.round(place.height * zoom)))
}

/** Lines of at most so many letters, broken between words. */
export function wrap(text: string, letters: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1]!
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length > letters) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** A label with its mark and the room behind it, roughly: a letter is 0.6 of its height wide. */
function labelWidth(label: string, type: number): number {
  return 14 + label.length * type * 0.6 + type
}

/** Entries of a legend, as many in a row as there is room for. */
function legendRows(legend: Figure['legend'], width: number, type: number): Figure['legend'][] {
  const rows: Figure['legend'][number][][] = []
  let left = Infinity
  for (const entry of legend) {
    const own = labelWidth(entry.label, type)
    if (left + own > width - type) {
      rows.push([])
      left = type
    }
    rows[rows.length - 1]!.push(entry)
    left += own
  }
  return rows
}

function textAt(text: string, x: number, y: number, size: number, isBold: boolean): SVGTextElement {
  const element = document.createElementNS(SVG, 'text')
  element.textContent = text
  element.setAttribute('x', String(x))
  element.setAttribute('y', String(y))
  element.style.fontSize = `${size}px`
  element.style.fontWeight = isBold ? '600' : '400'
  element.style.fill = isBold ? 'var(--ink)' : 'var(--quiet)'
  return element
}

/** A mark as a shape, as the window draws it. */
export function markAt(
  { path, colour, isHollow }: Mark,
  x: number,
  y: number,
  grow = 1
): SVGPathElement {
  const element = document.createElementNS(SVG, 'path')
  element.setAttribute('d', path)
  element.setAttribute('transform', `translate(${x.toFixed(2)},${y.toFixed(2)}) scale(${grow})`)
  element.style.fill = isHollow ? 'none' : colour
  element.style.stroke = isHollow ? colour : 'var(--ink)'
  element.style.strokeWidth = isHollow ? '1.6' : '0.6'
  return element
}

/** Svelte marks places in the window by comments, which no picture needs. */
function removeComments(picture: SVGSVGElement): void {
  const walker = document.createTreeWalker(picture, NodeFilter.SHOW_COMMENT)
  const comments: Node[] = []
  while (walker.nextNode()) comments.push(walker.currentNode)
  for (const one of comments) one.parentNode?.removeChild(one)
}
