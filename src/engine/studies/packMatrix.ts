/** A matrix in the form in which it is told. Pure. */
import type { Matrix } from '#shared/evidenceView'
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
    proxies: proxies.map(withPacked),
    sequential: sequential.map(withPacked),
    ...(tasks
      ? {
          tasks: {
            ...tasks,
            metrics: tasks.metrics.map((one) => ({
              ...one,
              proxies: one.proxies.map(withPacked),
              sequential: one.sequential.map(withPacked)
            }))
          }
        }
      : {})
  }
}

function withPacked<Table extends { values: (number | null)[][] }>(
  table: Table
): Omit<Table, 'values'> & { values: string } {
  const filled = [...table.values.entries()].filter(([, row]) => row.some((one) => one !== null))
  const width = 1 + (table.values[0]?.length ?? 0)
  const values = new Float64Array(filled.length * width)
  filled.forEach(([place, row], index) => {
    values[index * width] = place
    row.forEach((value, column) => (values[index * width + column + 1] = value ?? NaN))
  })
  return { ...table, values: base64Of(values) }
}

function base64Of({ buffer }: Float64Array): string {
  return Buffer.from(buffer).toString('base64')
}
