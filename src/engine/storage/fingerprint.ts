/** Fingerprints: hashes of everything a result depends on. */
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { openToRead } from './reading'
import { sha256 } from './sha256'

/**
 * Writes a value as JSON with sorted keys and no blanks, so that equal values give equal text.
 *
 * Keys whose value is undefined are left out, as `JSON.stringify` does.
 *
 * @throws Error for a number that is not finite: JSON would silently turn it into null
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(`a fingerprint cannot hold ${value}`)
  }
  if (value instanceof CanonicalText) return value.text
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const record = value as Record<string, unknown>
  let text = ''
  // Sorted by UTF-16 code units: the same everywhere.
  for (const key of Object.keys(record).sort()) {
    const item = record[key]
    if (item === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`
  }
  return `{${text}}`
}

/** Text as it is to stand in canonical JSON: a part that was written before, or the place of one to come. */
export class CanonicalText {
  constructor(readonly text: string) {}
}

/** SHA-256 of the canonical JSON of a value, in hex. */
export function fingerprintOf(value: unknown): string {
  return sha256(canonicalJson(value))
}

/** SHA-256 of a file's bytes, in hex; the file is streamed. */
export async function hashFile(path: string): Promise<string> {
  const digest = createHash('sha256')
  await pipeline((await openToRead(path)).createReadStream(), digest)
  return digest.digest('hex')
}
