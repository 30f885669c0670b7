/** JSON that may be none: what came over a wire, or was cut off. */

/** @returns undefined where the text is not JSON */
export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
