/** Shapes and colours of dots: told apart by shape alone too, for greyscale and colour-blind eyes. */
import { KIND_COLOURS, KIND_OUTLINES, SQUARE } from '#shared/domainMarks'
import { markColour } from './palette'

/** Radius of a dot, in the picture's unit. */
export const RADIUS = 4

const CROSS = 'M-3.8,-3.8L3.8,3.8M-3.8,3.8L3.8,-3.8'
const PLUS = 'M-5,0H5M0,-5V5'

export { KIND_WORDS } from '#shared/domainMarks'

export interface Mark {
  path: string
  colour: string
  /** Drawn as a line, not filled. */
  isHollow: boolean
}

/**
 * The mark of a dot.
 *
 * Filled for the first proxy, hollow for the second, a cross for the third: circles in-domain,
 * diamonds out-of-domain, triangles like the seed, squares for means.
 *
 * @param place of the proxy among those overlaid, from 0
 * @param colouring by the domain's kind, the mixture's size, or the proxy
 */
export function markOf(
  kind: string,
  place: number,
  size: number,
  colouring: 'kind' | 'size' | 'proxy'
): Mark {
  const colours = {
    kind: KIND_COLOURS[kind] ?? '#7a7a7a',
    size: markColour(size - 1),
    proxy: PROXY_COLOURS[place % PROXY_COLOURS.length]!
  }
  const crossed = kind === 'in' || kind === 'mean' ? CROSS : PLUS
  const path = place < 2 ? (KIND_OUTLINES[kind] ?? SQUARE) : crossed
  return { path, colour: colours[colouring], isHollow: place > 0 }
}

/** Blue, vermilion, green: as far apart as three of the eight can be, light and dark. */
const PROXY_COLOURS = ['#0072b2', '#d55e00', '#009e73']
