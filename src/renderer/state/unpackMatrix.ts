/** A matrix as it is told, as screens read it. Pure. */
import type { Matrix } from '#shared/evidenceView'
import { mapValues } from '#shared/packedMatrix'
import type { PackedMatrix } from '#shared/packedMatrix'

/** Gives every row of a matrix its numbers. */
export function unpackMatrix({ shares, ...packed }: PackedMatrix): Matrix {
  const { rows, members, domains, proxies, sequential, tasks, ...rest } = packed
  const unpacked = (columns: number) => (values: string) => rowsOf(values, rows.length, columns)
  const own = rows.map((row) => ({ ...row, shares: new Array<number>(members.length).fill(0) }))
  const parts = numbersOf(shares)
  for (let at = 0; at < parts.length; at += 3) {
    own[parts[at]!]!.shares[parts[at + 1]!] = parts[at + 2]!
  }
  return {
    ...rest,
    members,
    domains,
    rows: own,
    ...mapValues(
      { proxies, sequential, tasks },
      unpacked(domains.length),
      unpacked(tasks?.domains.length ?? 0)
    )
  }
}

function rowsOf(packed: string, rows: number, columns: number): (number | null)[][] {
  const values = numbersOf(packed)
  const all = Array.from({ length: rows }, () => new Array<number | null>(columns).fill(null))
  for (let at = 0; at < values.length; at += columns + 1) {
    const row = all[values[at]!]!
    for (let column = 0; column < columns; column++) {
      const value = values[at + column + 1]!
      if (!Number.isNaN(value)) row[column] = value
    }
  }
  return all
}

/** A loop: by `from` two million letters take a second. */
function numbersOf(packed: string): Float64Array {
  const letters = atob(packed)
  const bytes = new Uint8Array(letters.length)
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at)
  return new Float64Array(bytes.buffer)
}
