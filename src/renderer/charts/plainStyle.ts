/** Turns styles that only the window knows into plain attributes that any program reads. */

/** What is written out of shapes and text. */
const SHAPE_PROPERTIES = ['stroke-width', 'stroke-dasharray', 'stroke-linejoin', 'opacity'] as const
const TEXT_PROPERTIES = [
  'font-size',
  'font-weight',
  'font-style',
  'text-anchor',
  'dominant-baseline'
] as const

/** What a viewer assumes where nothing is written. */
const ASSUMED: Record<string, string> = {
  'stroke-dasharray': 'none',
  'stroke-linejoin': 'miter',
  opacity: '1',
  'font-style': 'normal',
  'dominant-baseline': 'auto',
  'text-anchor': 'start'
}

/** A colour of any notation as red, green and blue, with how much of it shows. */
type ToPlainColour = (colour: string) => { colour: string; alpha: number }

/** Reads colours by painting them: no notation is too new. */
function colourReader(): ToPlainColour {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 1
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  const known = new Map<string, { colour: string; alpha: number }>()
  return (colour) => {
    const found = known.get(colour)
    if (found) return found
    context.clearRect(0, 0, 1, 1)
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data
    const hex = [r!, g!, b!].map((part) => part.toString(16).padStart(2, '0')).join('')
    const plain = { colour: `#${hex}`, alpha: Number((a! / 255).toFixed(3)) }
    known.set(colour, plain)
    return plain
  }
}

/**
 * Writes the computed style of every shape and text as attributes, takes hidden ones out, and with
 * them classes, inline styles and whatever concerns the screen alone.
 *
 * @param root in the document, under the colours that are wanted
 */
export function resolveStyles(root: SVGSVGElement): void {
  const plainColour = colourReader()
  const elements = [...root.querySelectorAll<SVGElement>('*')]
  const computed = elements.map((element) => ({ element, style: plainOf(element, plainColour) }))
  for (const { element, style } of computed) {
    if (style === null) element.remove()
    else for (const [name, value] of Object.entries(style)) element.setAttribute(name, value)
  }
  for (const element of [root, ...elements]) {
    for (const { name } of [...element.attributes]) {
      if (/^(class|style|tabindex|aria-|data-)/.test(name)) element.removeAttribute(name)
    }
  }
}

/** Null for what is hidden. */
function plainOf(element: SVGElement, plainColour: ToPlainColour): Record<string, string> | null {
  const style = getComputedStyle(element)
  if (style.display === 'none' && !element.closest('defs, clipPath')) return null
  if (style.visibility === 'hidden') return null
  if (!(element instanceof SVGGeometryElement) && !(element instanceof SVGTextContentElement)) {
    return element instanceof SVGGElement && style.opacity !== '1' ? { opacity: style.opacity } : {}
  }
  const plain: Record<string, string> = {}
  for (const paint of ['fill', 'stroke'] as const) {
    const value = style[paint]
    if (value === 'none' || value.startsWith('url(')) {
      plain[paint] = value
      continue
    }
    const { colour, alpha } = plainColour(value)
    const opacity = alpha * Number(style.getPropertyValue(`${paint}-opacity`) || 1)
    plain[paint] = colour
    if (opacity < 1) plain[`${paint}-opacity`] = String(Number(opacity.toFixed(3)))
  }
  const isText = element instanceof SVGTextContentElement
  for (const name of isText ? TEXT_PROPERTIES : SHAPE_PROPERTIES) {
    const value = style.getPropertyValue(name).replaceAll('px', '')
    if (value !== '' && value !== ASSUMED[name]) plain[name] = value
  }
  return plain
}
