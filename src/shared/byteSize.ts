/** Sizes as people write and read them. */
import { WorkbenchError } from './errors'

const SCALES: Record<string, number> = { B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/**
 * A size in bytes: `2GB`, `500MB`, or a number; decimal units, as transformers has.
 *
 * @param what a flag or a setting, for the message
 * @param least bytes at least
 * @throws WorkbenchError `usage/invalid`
 */
export function bytesFrom(text: string, what: string, least = 0): number {
  const match = /^(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB|TB)?$/.exec(text)
  const scale = SCALES[match?.[2] ?? 'B']
  const value = match && scale ? Math.round(Number(match[1]) * scale) : NaN
  if (!Number.isSafeInteger(value) || value < least) {
    throw new WorkbenchError(
      'usage/invalid',
      `${what} wants bytes such as 2GB or 500MB, found "${text}".`,
      { flag: what, found: text }
    )
  }
  return value
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes in decimal units: `1.2 GB`. */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, BYTE_UNITS)
}

/** A number of at most three digits before its point, with the unit it then has. */
export function withUnit(value: number, units: readonly string[], gap = ' '): string {
  let index = 0
  let scaled = value
  while (Math.abs(scaled) >= 999.5 && index < units.length - 1) {
    scaled /= 1000
    index++
  }
  const digits = index === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2
  return `${scaled.toFixed(digits)}${gap}${units[index]}`.trim()
}
