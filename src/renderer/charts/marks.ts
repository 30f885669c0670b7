/** Shapes and colours of dots: told apart by shape alone too, for greyscale and colour-blind eyes. */
import { markColour } from './palette'

/** Radius of a dot, in the picture's unit. */
export const RADIUS = 4

const CIRCLE = 'M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z'
const DIAMOND = 'M0,-5.2L5.2,0L0,5.2L-5.2,0Z'
const TRIANGLE = 'M0,-5L4.8,3.6L-4.8,3.6Z'
const SQUARE = 'M-3.7,-3.7H3.7V3.7H-3.7Z'
const CROSS = 'M-3.8,-3.8L3.8,3.8M-3.8,3.8L3.8,-3.8'
const PLUS = 'M-5,0H5M0,-5V5'

const OUTLINES: Record<string, string> = {
  in: CIRCLE,
  out: DIAMOND,
  seed: TRIANGLE,
  mean: SQUARE
}

/** Okabe and Ito's blue is dark and their orange light: they differ in greyscale too. */
const KIND_COLOURS: Record<string, string> = {
  in: '#0072b2',
  out: '#e69f00',
  seed: '#009e73',
  mean: '#7a7a7a'
}

/** What a domain's kind is called. */
export const KIND_WORDS: Record<string, string> = {
  in: 'in-domain',
  out: 'out-of-domain',
  seed: 'like the seed',
  mean: 'mean over domains'
}

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
  const path = place < 2 ? (OUTLINES[kind] ?? SQUARE) : crossed
  return { path, colour: colours[colouring], isHollow: place > 0 }
}

/** Blue, vermilion, green: as far apart as three of the eight can be, light and dark. */
const PROXY_COLOURS = ['#0072b2', '#d55e00', '#009e73']
