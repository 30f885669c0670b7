/** What names of partitions, corpora and studies may hold. */
import { COMMANDING } from './visibleText'

/** Characters that have a meaning in the names of mixtures (`a+b`, `a*0.25`) and units (`a#1`). */
const RESERVED = /[+*#]/g
const FULL_WIDTH: Record<string, string> = { '+': '＋', '*': '＊', '#': '＃' }

export const LONGEST_NAME = 100

/** A name as it may be stored. */
export const NAME_PATTERN = new RegExp(`^(?:(?!${COMMANDING.source})[^+*#])+$`, 'u')
const COMMANDS = new RegExp(`${COMMANDING.source}+`, 'gu')

/**
 * Makes a text fit to be a name: full-width twins stand in for reserved characters, so that "C++"
 * and "C#" stay two readable names.
 *
 * @returns null where nothing is left
 */
export function fitName(text: string): string | null {
  const name = text
    .replace(RESERVED, (letter) => FULL_WIDTH[letter]!)
    .replace(COMMANDS, ' ')
    .trim()
  if (name === '') return null
  return name.length <= LONGEST_NAME ? name : name.slice(0, LONGEST_NAME - 1) + '…'
}

/** A name for what comes from a file or folder: its own, without endings and wildcards. */
export function nameOfSource(path: string): string {
  const last = path.replace(/\/+$/, '').split('/').at(-1)!
  const name = last
    .replace(/[*?[\]{}]/g, '')
    .replace(/\.(gz|zst)$/, '')
    .replace(/\.[^.]+$/, '')
  return fitName(name) ?? 'text'
}
