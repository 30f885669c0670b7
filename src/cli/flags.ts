/** Values of flags, read and checked. */
import { WorkbenchError } from '#shared/errors'

/** A flag's value among those allowed. */
export function choice<Value extends string>(
  allowed: readonly Value[],
  value: string,
  flag: string
): Value {
  if (!(allowed as readonly string[]).includes(value)) {
    throw new WorkbenchError(
      'usage/invalid',
      `${flag} wants one of ${allowed.join(', ')}, found "${value}".`,
      { flag, found: value }
    )
  }
  return value as Value
}

/** A flag's value as a whole number; `2M` and `50k` are understood. */
export function wholeNumber(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)([kMB]?)$/.exec(text)
  const scale = { '': 1, k: 1e3, M: 1e6, B: 1e9 }[match?.[2] ?? '']
  const value = match && scale ? Number(match[1]) * scale : NaN
  if (!Number.isInteger(value)) {
    throw new WorkbenchError(
      'usage/invalid',
      `${flag} wants a whole number such as 50000, 50k or 2M, found "${text}".`,
      { flag, found: text }
    )
  }
  return value
}
