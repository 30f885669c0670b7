/** Held to mergekit's own output: tests/golden/merging/make.py made models, configurations and merges. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSafetensors } from '#engine/checkpoints/safetensors'
import { addDifferences } from '#engine/merging/consensus'
import { readMergekit } from '#engine/merging/mergekitFile'
import { applyMask, largestMask, rankProbabilities } from '#engine/merging/sparsify'
import { mergeModels } from '#engine/workers/mergeJob'
import { temporaryFolder } from '../../../support/temporaryFolder'

const golden = 'tests/golden/merging'
const configurations = readdirSync(join(golden, 'configurations')).sort()

/**
 * In units in the last place of the tensor's largest magnitude: mergekit computes in float32, of
 * 16-bit models with weights rounded to 16 bits, where Assay adds in float64 and rounds once.
 */
const TOLERANCE = { F32: 8, F16: 1, BF16: 1 } as const
const FRACTION_BITS = { F32: 23, F16: 10, BF16: 7 } as const

const hooks = { signal: new AbortController().signal, onProgress: () => undefined }

async function merged(name: string): Promise<string> {
  const file = join(golden, 'configurations', name)
  const recipe = readMergekit(readFileSync(file, 'utf8'), file, 1)
  const at = (folder: string) => join(golden, folder)
  const folder = join(await temporaryFolder(), 'merged')
  await mergeModels(
    {
      folder,
      shardBytes: Infinity,
      recipe: {
        ...recipe,
        base: recipe.base === null ? null : at(recipe.base),
        models: recipe.models.map((model) => ({ ...model, folder: at(model.folder) }))
      }
    },
    hooks
  )
  return folder
}

test.each(configurations)('%s gives what mergekit gives', async (name) => {
  const ours = await openSafetensors(join(await merged(name), 'model.safetensors'))
  const theirs = await openSafetensors(
    join(golden, 'expected', name.replace('.yaml', '.safetensors'))
  )
  expect([...ours.shapes.keys()].sort()).toEqual([...theirs.shapes.keys()].sort())
  const far: unknown[] = []
  for (const [tensor, shape] of theirs.shapes) {
    expect(ours.shapes.get(tensor)).toEqual(shape)
    expect(ours.dtype(tensor)).toBe(theirs.dtype(tensor))
    const [a, b] = [await ours.read(tensor), await theirs.read(tensor)]
    const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const type = theirs.dtype(tensor) as keyof typeof TOLERANCE
    const unit = 2 ** (Math.floor(Math.log2(scale)) - FRACTION_BITS[type])
    a.forEach((value, i) => {
      const units = Math.abs(value - b[i]!) / unit
      if (!(units <= TOLERANCE[type])) far.push({ tensor, i, ours: value, mergekit: b[i], units })
    })
  }
  expect(far).toEqual([])
})

interface Masks {
  base: number[]
  models: number[][]
  shape: [number, number]
  cases: {
    method: string
    epsilon?: number
    weights: number[]
    densities: number[]
    lambda: number
    normalize: boolean
    drawn: { probabilities: number[]; mask: number[] }[]
    result: number[]
  }[]
  trimmed: { density: number; kept: number[] }[]
}
const masks = JSON.parse(readFileSync(join(golden, 'masks.json'), 'utf8')) as Masks
const difference = (model: number[]) =>
  Float32Array.from(model, (value, i) => Math.fround(value - masks.base[i]!))

// Two generators draw different masks: mergekit's are taken, and all else must agree.
test.each(masks.cases)('$method makes of the same draws what mergekit makes', (one) => {
  const values = masks.models.map(difference)
  const factors = values.map((model, i) =>
    applyMask(model, Uint8Array.from(one.drawn[i]!.mask), true)
  )
  const sums = Float64Array.from(masks.base)
  const { weights, normalize, lambda } = one
  const needsConsensus = one.method === 'dare_ties' || one.method === 'della'
  const differences = { values, weights, factors, needsConsensus, normalize, lambda }
  addDifferences(sums, 0, sums.length, differences)
  one.result.forEach((value, i) => expect(sums[i]).toBeCloseTo(value, 5))
})

test.each(masks.cases.filter(({ epsilon }) => epsilon !== undefined))(
  '$method draws with the probabilities of mergekit',
  ({ epsilon, densities, drawn }) => {
    const [rows, length] = masks.shape
    masks.models.forEach((model, m) => {
      const values = difference(model)
      for (let row = 0; row < rows; row++) {
        const part = values.subarray(row * length, (row + 1) * length)
        const found = rankProbabilities(part, densities[m]!, epsilon!)
        const theirs = drawn[m]!.probabilities.slice(row * length, (row + 1) * length)
        found.forEach((value, i) => expect(value).toBeCloseTo(theirs[i]!, 6))
      }
    })
  }
)

test.each(masks.trimmed)('TIES keeps at density $density what mergekit keeps', (one) => {
  const mask = new Uint8Array(one.kept.length)
  largestMask(difference(masks.models[0]!), one.density, mask)
  expect([...mask]).toEqual(one.kept)
})
