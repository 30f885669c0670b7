import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBatches } from '#engine/data/batches'
import type { BatchesInput } from '#engine/data/batches'
import type { BaseUnit } from '#shared/records'
import { temporaryFolder } from '../../../support/temporaryFolder'

const T = 4
const SEQUENCES = 10

/** Token folders in which every id says which unit and position it is from. */
async function projectWith(
  units: number,
  width: 2 | 4 = 2
): Promise<{ folder: string; units: BaseUnit[] }> {
  const folder = await temporaryFolder()
  const made = Array.from({ length: units }, (_, number): BaseUnit => {
    const tokens = `stream-${number}`
    const ids = Array.from({ length: 2 * SEQUENCES * T + 1 }, (_, at) => 1000 * (number + 1) + at)
    mkdirSync(join(folder, 'tokens', tokens), { recursive: true })
    const packed = width === 2 ? Uint16Array.from(ids) : Uint32Array.from(ids)
    writeFileSync(join(folder, 'tokens', tokens, 'tokens.bin'), new Uint8Array(packed.buffer))
    const record = { version: 1, width, documents: 1, tokens: ids.length }
    writeFileSync(join(folder, 'tokens', tokens, 'stream.json'), JSON.stringify(record))
    return {
      name: `p${number}#2`,
      partition: `p${number}`,
      fingerprint: `unit-${number}`,
      tokens,
      firstSequence: SEQUENCES,
      sequences: SEQUENCES
    }
  })
  return { folder, units: made }
}

/** First ids of all rows of all steps. */
async function rowsOf(input: BatchesInput): Promise<number[][]> {
  const batches = await openBatches(input)
  const rows: number[][] = []
  for (let step = 0; step < batches.steps; step++) {
    const ids = batches.batch(step)
    for (let row = 0; row < input.batchSize; row++) {
      rows.push(Array.from(ids.subarray(row * (T + 1), (row + 1) * (T + 1))))
    }
  }
  await batches.close()
  return rows
}

const begin = (folder: string, units: BaseUnit[], sequences = SEQUENCES): BatchesInput => ({
  projectFolder: folder,
  draws: units.map((unit) => ({ unit, sequences })),
  contextLength: T,
  batchSize: 5,
  randomSeed: 7
})

describe('openBatches', () => {
  it('reads of a part of a unit only the sequences that are its turn', async () => {
    const { folder, units } = await projectWith(1)
    const part = { ...units[0]!, firstSequence: SEQUENCES + 1, sequences: SEQUENCES / 2, stride: 2 }
    const rows = await rowsOf(begin(folder, [part], SEQUENCES / 2))
    const first = (sequence: number) => 1000 + sequence * T
    expect(rows.map(([id]) => id!).sort((a, b) => a - b)).toEqual([11, 13, 15, 17, 19].map(first))
  })

  it('reads each sequence of each unit once, as T+1 ids at stride T', async () => {
    const { folder, units } = await projectWith(2)
    const rows = await rowsOf(begin(folder, units))
    const expected = units.flatMap((_, number) =>
      Array.from({ length: SEQUENCES }, (_, sequence) => {
        const first = 1000 * (number + 1) + (SEQUENCES + sequence) * T
        return Array.from({ length: T + 1 }, (_, at) => first + at)
      })
    )
    const sorted = (list: number[][]): number[][] => list.toSorted((a, b) => a[0]! - b[0]!)
    expect(sorted(rows)).toEqual(sorted(expected))
    expect(rows).not.toEqual(expected)
  })

  it('uses text without replacement first, then again in another order', async () => {
    const { folder, units } = await projectWith(1)
    const counts = new Map<number, number>()
    for (const row of await rowsOf(begin(folder, units, 25))) {
      counts.set(row[0]!, (counts.get(row[0]!) ?? 0) + 1)
    }
    expect(counts.size).toBe(SEQUENCES)
    expect([...counts.values()].sort()).toEqual([2, 2, 2, 2, 2, 3, 3, 3, 3, 3])
  })

  it('gives the same batch for the same step, whenever it is asked', async () => {
    const { folder, units } = await projectWith(2)
    const [a, b] = await Promise.all([
      openBatches(begin(folder, units)),
      openBatches(begin(folder, units))
    ])
    expect(a.steps).toBe(4)
    for (let step = 0; step < a.steps; step++) b.batch(a.steps - 1 - step)
    expect([3, 0, 2, 1].map((step) => a.batch(step))).toEqual(
      [3, 0, 2, 1].map((step) => b.batch(step))
    )
  })

  it('gives another order for another random seed', async () => {
    const { folder, units } = await projectWith(2)
    const [a, b] = [
      await rowsOf(begin(folder, units)),
      await rowsOf({ ...begin(folder, units), randomSeed: 8 })
    ]
    expect(a).not.toEqual(b)
  })

  it('reads ids of large vocabularies', async () => {
    const { folder, units } = await projectWith(70, 4)
    const [row] = await rowsOf(begin(folder, units.slice(69)))
    expect(row![0]).toBeGreaterThan(70_000)
  })

  it('counts steps and tokens, leaving out a last batch that is not full', async () => {
    const { folder, units } = await projectWith(1)
    const batches = await openBatches(begin(folder, units, 13))
    expect([batches.steps, batches.tokens]).toEqual([2, 2 * 5 * T])
    await batches.close()
  })

  it('refuses draws that do not fill one batch', async () => {
    const { folder, units } = await projectWith(1)
    await expect(async () => openBatches(begin(folder, units, 4))).rejects.toMatchObject({
      code: 'partition/too-small'
    })
  })

  it('gives a share of every batch to replayed seed text, without replacement', async () => {
    const { folder, units } = await projectWith(2)
    const input = {
      ...begin(folder, units.slice(0, 1), 20),
      replay: { unit: units[1]!, share: 0.4 }
    }
    const rows = await rowsOf(input)
    expect(rows).toHaveLength(20)
    const isReplay = rows.map((row) => row[0]! >= 2000)
    expect(isReplay).toEqual(rows.map((_, row) => row % 5 >= 3))
    expect(new Set(rows.filter((row) => row[0]! >= 2000).map((row) => row[0])).size).toBe(8)
  })

  it('refuses a replay that leaves no room', async () => {
    const { folder, units } = await projectWith(1)
    const input = { ...begin(folder, units), batchSize: 1, replay: { unit: units[0]!, share: 0.5 } }
    await expect(async () => openBatches(input)).rejects.toMatchObject({ code: 'usage/invalid' })
  })
})
