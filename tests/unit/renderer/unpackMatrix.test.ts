import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { packMatrix } from '#engine/studies/packMatrix'
import { MatrixSchema, TASK_METRICS } from '#shared/evidenceView'
import type { Matrix } from '#shared/evidenceView'
import { PackedMatrixSchema } from '#shared/packedMatrix'
import { unpackMatrix } from '../../../src/renderer/state/unpackMatrix'
import { smallMatrix } from './smallMatrix'

/** Through JSON, as it is told. */
const told = (matrix: Matrix) =>
  unpackMatrix(PackedMatrixSchema.parse(JSON.parse(JSON.stringify(packMatrix(matrix)))))

/** A matrix of any size, with tasks; every number another one. */
const matrices = fc
  .record({
    rows: fc.nat(6),
    columns: fc.nat(5),
    members: fc.integer({ min: 1, max: 4 }),
    numbers: fc.infiniteStream(
      fc.oneof(fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }))
    )
  })
  .map(({ rows, columns, members, numbers }): Matrix => {
    const list = (length: number) => Array.from({ length }, () => numbers.next().value || null)
    const table = () => Array.from({ length: rows }, () => list(columns))
    const domains = list(columns).map(
      (_, d) => ({ name: `d${d}`, kind: 'in', partition: null }) as const
    )
    return {
      ...smallMatrix,
      members: list(members).map((_, m) => `m${m}`),
      domains,
      seed: list(columns),
      rows: list(rows).map((_, row) => ({
        mixture: `x${row}`,
        size: 1,
        shares: list(members).map((share) => Math.abs(share ?? 0)),
        isMerge: row % 2 === 0
      })),
      proxies: [{ name: 'merge-micro', values: table() }],
      sequential: [{ budget: 'sum', values: table(), areMerges: list(rows).map(() => false) }],
      tasks: {
        domains,
        withoutChoices: [],
        metrics: TASK_METRICS.map((metric) => ({
          metric,
          seed: list(columns),
          proxies: [{ name: 'merge-micro', values: table() }],
          sequential: [{ budget: 'sum', values: table() }]
        }))
      }
    }
  })

test('a matrix comes out of its packing with the very same numbers', () => {
  expect(told(smallMatrix)).toEqual(smallMatrix)
  fc.assert(
    fc.property(matrices, (matrix) => {
      expect(MatrixSchema.parse(told(matrix))).toEqual(matrix)
    })
  )
})
