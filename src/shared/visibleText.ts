/** Text of which nothing is hidden: for lines that somebody reads before they are run. Pure. */

/** A stretch of a text: as it is, of letters and signs beyond ASCII, or of a character that shows nothing. */
export interface TextPart {
  kind: 'plain' | 'other' | 'hidden'
  text: string
}

/** What shows as nothing, turns what stands around it, or moves where the next is drawn. */
const HIDDEN = /[\p{C}\p{M}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u
const PARTS = new RegExp(`(?<hidden>${HIDDEN.source})|(?<plain>[ -~]+)|(?<other>.)`, 'gsu')

/**
 * A text in stretches. What nobody would see stands by its number: a line that is read in full must not hold a
 * second one between the letters, and must not look like another.
 */
export function visibleParts(text: string): TextPart[] {
  const parts: TextPart[] = []
  for (const { groups } of text.matchAll(PARTS)) {
    const { hidden, plain, other } = groups!
    const before = parts.at(-1)
    if (hidden !== undefined) parts.push({ kind: 'hidden', text: codeOf(hidden) })
    else if (plain !== undefined) parts.push({ kind: 'plain', text: plain })
    else if (before?.kind === 'other') before.text += other!
    else parts.push({ kind: 'other', text: other! })
  }
  return parts
}

/** The same as one text, where nothing can be set off: `a⟨U+202E⟩b`. */
export function visibleText(text: string): string {
  return visibleParts(text)
    .map(({ kind, text: part }) => (kind === 'hidden' ? `⟨${part}⟩` : part))
    .join('')
}

/** What a terminal obeys, what ends a line for some readers, and what turns the order of the text around it. */
export const COMMANDING = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu

/**
 * A text as a terminal may have it: what would move its cursor, set its title or fill its clipboard stands by its
 * number. Lines and tabs stay, and so do letters of any script with their marks.
 */
export function terminalText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(COMMANDING, (one) => (one === '\n' || one === '\t' ? one : `⟨${codeOf(one)}⟩`))
}

/** A value as JSON in which no such character stands as itself: it says the same to whoever parses it. */
export function terminalJson(value: unknown, indent?: number): string {
  const escaped = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value, null, indent).replace(COMMANDING, (one) =>
    one === '\n' ? one : escaped(one)
  )
}

function codeOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}
