/** A matrix in the form in which it is told. Pure. */
import type { Matrix } from '#shared/evidenceView'
import { mapValues } from '#shared/packedMatrix'
import type { PackedMatrix } from '#shared/packedMatrix'

/** Packs the numbers of a matrix; `unpackMatrix` of the window gives the very same back. */
export function packMatrix({ rows, proxies, sequential, tasks, ...rest }: Matrix): PackedMatrix {
  const shares = rows.flatMap((row, place) =>
    row.shares.flatMap((share, member) => (share === 0 ? [] : [place, member, share]))
  )
  return {
    ...rest,
    rows: rows.map(({ mixture, size, isMerge }) => ({ mixture, size, isMerge })),
    shares: base64Of(Float64Array.from(shares)),
    ...mapValues({ proxies, sequential, tasks }, packed, packed)
  }
}

function packed(table: readonly (readonly (number | null)[])[]): string {
  const filled = [...table.entries()].filter(([, row]) => row.some((one) => one !== null))
  const width = 1 + (table[0]?.length ?? 0)
  const values = new Float64Array(filled.length * width)
  filled.forEach(([place, row], index) => {
    values[index * width] = place
    row.forEach((value, column) => (values[index * width + column + 1] = value ?? NaN))
  })
  return base64Of(values)
}

function base64Of({ buffer }: Float64Array): string {
  return Buffer.from(buffer).toString('base64')
}
