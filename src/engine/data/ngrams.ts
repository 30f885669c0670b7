/** 13-grams of words as numbers, for finding held-out text in training text. */
import { mix32 } from './documentHash'

export const GRAM_WORDS = 13

const FACTOR_A = 0x01000193
const FACTOR_B = 0x2c1b3c6d
const OLDEST_A = power(FACTOR_A, GRAM_WORDS - 1)
const OLDEST_B = power(FACTOR_B, GRAM_WORDS - 1)

/**
 * Visits every run of 13 words of a text, lower-cased, as a 53-bit number.
 *
 * Words are runs of letters and digits; each Chinese character or kana counts as a word, since such
 * text has no blanks. Two rolling 32-bit hashes are packed into one number that a Set holds exactly;
 * of a million grams two are mistaken for each other with a chance of one in ten thousand.
 */
export function visitGrams(text: string, visit: (gram: number) => void): void {
  const lower = text.toLowerCase()
  const wordsA = new Int32Array(GRAM_WORDS)
  const wordsB = new Int32Array(GRAM_WORDS)
  let words = 0
  let gramA = 0
  let gramB = 0
  const addWord = (a: number, b: number): void => {
    const slot = words % GRAM_WORDS
    gramA = (Math.imul(gramA - Math.imul(wordsA[slot]!, OLDEST_A), FACTOR_A) + a) | 0
    gramB = (Math.imul(gramB - Math.imul(wordsB[slot]!, OLDEST_B), FACTOR_B) + b) | 0
    wordsA[slot] = a
    wordsB[slot] = b
    words += 1
    if (words >= GRAM_WORDS) visit((mix32(gramA) >>> 11) * 2 ** 32 + mix32(gramB))
  }
  let a = 0
  let b = 0
  let length = 0
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at)
    if (isWordCode(code) && !isIdeograph(code)) {
      a = Math.imul(a ^ code, FACTOR_A)
      b = Math.imul(b + code, FACTOR_B)
      length += 1
      continue
    }
    if (length > 0) {
      addWord(mix32(a + length), mix32(b ^ length))
      a = b = length = 0
    }
    if (isIdeograph(code)) addWord(mix32(code), mix32(~code))
  }
  if (length > 0) addWord(mix32(a + length), mix32(b ^ length))
}

function isWordCode(code: number): boolean {
  if (code < 0x80) return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39)
  return code >= 0xc0 && !(code >= 0x2000 && code <= 0x206f) && !(code >= 0x3000 && code <= 0x303f)
}

function isIdeograph(code: number): boolean {
  return (code >= 0x3040 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff)
}

function power(base: number, exponent: number): number {
  let result = 1
  for (let index = 0; index < exponent; index++) result = Math.imul(result, base)
  return result
}
