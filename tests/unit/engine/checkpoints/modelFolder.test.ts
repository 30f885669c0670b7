import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBfloat16, encodeBfloat16 } from '#engine/checkpoints/halfPrecision'
import { copyModelFiles, writeModelWeights } from '#engine/checkpoints/modelFolder'
import type { WeightsOptions } from '#engine/checkpoints/modelFolder'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import { sourceOf } from '#engine/parameters'
import type { ParameterSet } from '#engine/parameters'
import { FolderDraft } from '#engine/storage/files'
import { parameters } from '../../../golden/checkpoints/ours'
import { temporaryFolder } from '../../../support/temporaryFolder'

const GOLDEN = join(import.meta.dirname, '../../../golden/checkpoints')

async function written(set: ParameterSet, options: WeightsOptions) {
  const draft = await FolderDraft.begin(join(await temporaryFolder(), 'model'))
  await draft.writeFile('config.json', '{}')
  const told = await writeModelWeights(draft, sourceOf(set, 'a'), options)
  await draft.commit()
  return { folder: draft.target, ...told }
}

test('a model in shards of any size and type is read back as it was rounded', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 200, max: 20_000 }),
      fc.constantFrom('F32' as const, 'BF16' as const),
      async (shardBytes, dtype) => {
        const set = parameters()
        const { folder, files, bytes } = await written(set, { dtype, shardBytes })
        const names = (await readdir(folder)).filter((name) => name !== 'config.json')
        expect(names.sort()).toEqual(files.sort())
        const sizes = await Promise.all(names.map((name) => stat(join(folder, name))))
        expect(bytes).toBe(sizes.reduce((sum, { size }) => sum + size, 0))
        const found = await openModelWeights(folder)
        expect([...found.shapes.keys()]).toEqual([...set.keys()])
        for (const [name, { shape, data }] of set) {
          const rounded = dtype === 'F32' ? data : decodeBfloat16(encodeBfloat16(data))
          expect(found.shapes.get(name)).toEqual(shape)
          expect(found.dtypes.get(name)).toBe(dtype)
          expect(await found.read(name)).toEqual(rounded)
        }
      }
    ),
    { numRuns: 10 }
  )
})

test('a shard holds at most what was asked, but for a tensor that is larger', async () => {
  const { folder, files } = await written(parameters(), { dtype: 'F16', shardBytes: 600 })
  const index = JSON.parse(
    await readFile(join(folder, 'model.safetensors.index.json'), 'utf8')
  ) as { metadata: { total_size: number }; weight_map: Record<string, string> }
  const set = parameters()
  const ofFile = new Map<string, number[]>()
  for (const [name, file] of Object.entries(index.weight_map)) {
    ofFile.set(file, [...(ofFile.get(file) ?? []), set.get(name)!.data.length * 2])
  }
  expect(files.slice(0, -1).sort()).toEqual([...ofFile.keys()].sort())
  const sums = [...ofFile.values()].map((sizes) => sizes.reduce((sum, size) => sum + size, 0))
  const tooLarge = [...ofFile.values()].filter((sizes, i) => sums[i]! > 600 && sizes.length > 1)
  expect(tooLarge).toEqual([])
  expect(index.metadata.total_size).toBe(sums.reduce((sum, size) => sum + size, 0))
})

test('types may differ by tensor; those of four bytes lie first, so that all lie aligned', async () => {
  const set: ParameterSet = new Map([
    ['half', { shape: [3], data: Float32Array.of(1, 2, 3) }],
    ['full', { shape: [2], data: Float32Array.of(0.1, 0.2) }]
  ])
  const dtype = (name: string) => (name === 'half' ? 'F16' : 'F32')
  const { folder } = await written(set, { dtype, metadata: { made: 'here' } })
  const found = await openModelWeights(folder)
  expect([...found.dtypes]).toEqual([
    ['full', 'F32'],
    ['half', 'F16']
  ])
  expect(await found.read('full')).toEqual(set.get('full')!.data)
  expect(await found.read('half', 1, 3)).toEqual(Float32Array.of(2, 3))
})

test('a tensor larger than a block is read in ranges and comes out whole', async () => {
  const length = (1 << 22) + 5
  const ranges: (number | undefined)[][] = []
  const draft = await FolderDraft.begin(join(await temporaryFolder(), 'model'))
  await draft.writeFile('config.json', '{}')
  const source = {
    shapes: new Map([['w', [length]]]),
    read: (_: string, from = 0, to = length) => {
      ranges.push([from, to])
      return Float32Array.from({ length: to - from }, (_, i) => (from + i) % 251)
    }
  }
  await writeModelWeights(draft, source, { dtype: 'F16' })
  await draft.commit()
  expect(ranges).toEqual([
    [0, 1 << 22],
    [1 << 22, length]
  ])
  const found = await (await openModelWeights(draft.target)).read('w')
  expect(found.length).toBe(length)
  expect(found.findIndex((value, i) => value !== i % 251)).toBe(-1)
})

test('an abort stops writing', async () => {
  const draft = await FolderDraft.begin(join(await temporaryFolder(), 'model'))
  const signal = AbortSignal.abort(new Error('enough'))
  const writing = writeModelWeights(draft, sourceOf(parameters(), 'a'), { dtype: 'F32', signal })
  await expect(writing).rejects.toThrow('enough')
  await draft.discard()
})

test('a configuration that is copied says the type that weights are now stored in', async () => {
  const draft = await FolderDraft.begin(join(await temporaryFolder(), 'model'))
  const names = await copyModelFiles(draft, join(GOLDEN, 'llama'), 'BF16')
  await draft.commit()
  const config = async (folder: string) =>
    JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>
  expect(names).toEqual(['config.json', 'generation_config.json'])
  expect(await config(draft.target)).toEqual({
    ...(await config(join(GOLDEN, 'llama'))),
    dtype: 'bfloat16',
    torch_dtype: 'bfloat16'
  })
})
