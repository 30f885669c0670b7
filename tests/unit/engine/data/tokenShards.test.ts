import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Batches } from '#engine/data/batches'
import { packTokens } from '#engine/data/tokenFiles'
import { npyHeader, writeTokenShards } from '#engine/data/tokenShards'
import { writeFolder } from '#engine/storage/files'
import { temporaryFolder } from '../../../support/temporaryFolder'

test('a file is what NumPy writes, byte by byte', () => {
  const golden = (name: string) => readFileSync(join('tests/golden/trainer', name))
  const ids = Array.from({ length: 6 * 17 }, (_, at) => (at * 641) % 65_536)
  const short = Buffer.concat([npyHeader([6, 17], 2), packTokens(ids, 2)])
  expect(short.equals(golden('uint16.npy'))).toBe(true)
  const wide = [0, 1, 2, 3, 4, 5].map((at) => at * 65_537)
  expect(
    Buffer.concat([npyHeader([2, 3], 4), packTokens(wide, 4)]).equals(golden('uint32.npy'))
  ).toBe(true)
})

/** Five steps of two sequences of three ids: 0, 1, 2 … */
const batches: Batches = {
  steps: 5,
  tokens: 20,
  batch: (step) => Int32Array.from({ length: 6 }, (_, at) => 6 * step + at),
  rows: () => [],
  close: () => Promise.resolve()
}
const sizes = { batchSize: 2, contextLength: 2, vocabularySize: 30, width: 2 as const }

test('shards hold whole steps, and together all of them in order', async () => {
  const target = join(await temporaryFolder(), 'inputs')
  // Room for two steps and a half.
  await writeFolder(target, async (draft) => {
    const shards = await writeTokenShards(draft, 'tokens', batches, { ...sizes, shardBytes: 30 })
    expect(shards.map(({ sequences }) => sequences)).toEqual([4, 4, 2])
  })
  const files = readdirSync(join(target, 'tokens')).sort()
  expect(files).toEqual(['tokens-00000.npy', 'tokens-00001.npy', 'tokens-00002.npy'])
  const ids = files.flatMap((file) => {
    const bytes = readFileSync(join(target, 'tokens', file))
    const start = 10 + bytes.readUInt16LE(8)
    return Array.from({ length: (bytes.length - start) / 2 }, (_, at) =>
      bytes.readUInt16LE(start + 2 * at)
    )
  })
  expect(ids).toEqual(Array.from({ length: 30 }, (_, at) => at))
})

test('an id that the model has no embedding of is refused with its step', async () => {
  const target = join(await temporaryFolder(), 'inputs')
  const writing = writeFolder(target, async (draft) => {
    await writeTokenShards(draft, 'tokens', batches, { ...sizes, vocabularySize: 20 })
  })
  await expect(writing).rejects.toMatchObject({
    code: 'checkpoint/mismatch',
    details: { step: 3, token: 20, vocabularySize: 20 }
  })
})
