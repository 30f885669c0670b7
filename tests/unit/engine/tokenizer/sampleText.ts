/** The text that the golden file's tokenizer was trained on; its twin is in make.py. */
const SYLLABLES = "ka lo mi ste ran é ß th ing qu o' 12 日 本 й x_".split(' ')
const SEPARATORS = [' ', ' ', ' ', ' ', ', ', '. ', '\n', '  ', '\t', '!\n\n']

/** Text from a 32-bit linear congruential generator. */
export function sampleText(words = 12000): string {
  let state = 1
  const draw = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 16) % below
  }
  const pieces: string[] = []
  for (let word = 0; word < words; word++) {
    const count = 1 + Math.min(draw(5), draw(5))
    for (let index = 0; index < count; index++) {
      pieces.push(SYLLABLES[draw(1 + draw(SYLLABLES.length))]!)
    }
    pieces.push(SEPARATORS[draw(SEPARATORS.length)]!)
  }
  return pieces.join('')
}
