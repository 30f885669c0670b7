/** Colours of marks: Okabe and Ito's eight, told apart by colour-blind eyes too. */
const MARKS = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#d55e00',
  '#56b4e9',
  '#cc79a7',
  '#999933',
  '#888888'
]

/** The colour of the n-th of several things. */
export function markColour(index: number): string {
  return MARKS[index % MARKS.length]!
}

/** Steps of the shades on either side of the seed; heat.css holds their colours. */
const STEPS = 8

/**
 * Class of a shade.
 *
 * @param shade from −1, best, to 1, worst; null: not measured
 */
export function shadeClass(shade: number | null): string {
  const step = shade === null ? 0 : Math.round(Math.abs(shade) * STEPS)
  return step === 0 ? '' : `${shade! < 0 ? 'better' : 'worse'}-${step}`
}

/** Classes of the n-th of many things: eight colours, then the same with another texture. */
export function markClasses(index: number): string {
  const texture = Math.floor(index / MARKS.length) % 4
  const mark = `mark-${index % MARKS.length}`
  return texture === 0 ? mark : `${mark} texture-${texture}`
}
