/** How a kind of domain is drawn and called, in the window and in reports. */
const CIRCLE = 'M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z'
const DIAMOND = 'M0,-5.2L5.2,0L0,5.2L-5.2,0Z'
const TRIANGLE = 'M0,-5L4.8,3.6L-4.8,3.6Z'
export const SQUARE = 'M-3.7,-3.7H3.7V3.7H-3.7Z'

/** Outline of a dot of radius 4, by kind of domain. */
export const KIND_OUTLINES: Record<string, string> = {
  in: CIRCLE,
  out: DIAMOND,
  seed: TRIANGLE,
  mean: SQUARE
}

/** Okabe and Ito's blue is dark and their orange light: they differ in greyscale too. */
export const KIND_COLOURS: Record<string, string> = {
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
