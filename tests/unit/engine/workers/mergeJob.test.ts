import { readAncestry } from '#engine/checkpoints/ancestry'
import { cp, mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import { encodeHeader } from '#engine/checkpoints/safetensors'
import { mergeModels, planMerge } from '#engine/workers/mergeJob'
import type { MergeRecipe, MergeSettings } from '#shared/merging'
import { temporaryFolder } from '../../../support/temporaryFolder'

let place: string

beforeEach(async () => {
  place = await temporaryFolder()
})

type Values = Float32Array | Int32Array
type Tensors = Record<string, { shape: number[]; values: Values }>

/** A model of any tensors, as no architecture has them. */
async function writeModel(name: string, tensors: Tensors): Promise<string> {
  const folder = join(place, name)
  await mkdir(folder)
  const layout = Object.entries(tensors).map(([tensor, { shape, values }]) => ({
    name: tensor,
    shape,
    dtype: values instanceof Float32Array ? 'F32' : 'I32',
    bytes: values.byteLength
  }))
  const data = Object.values(tensors).map(({ values }) => Buffer.from(values.buffer))
  await writeFile(
    join(folder, 'config.json'),
    '{"model_type": "anything", "torch_dtype": "float32"}'
  )
  await writeFile(
    join(folder, 'model.safetensors'),
    Buffer.concat([encodeHeader(layout, {}), ...data])
  )
  return folder
}

function waves(length: number, pace: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * pace) + 0.01 * Math.cos(i))
}

/** One of more values than a block has, one odd, one with no sides, one empty. */
async function writeWaves(name: string, pace: number): Promise<string> {
  return writeModel(name, {
    long: { shape: [3, 100_001], values: waves(300_003, pace) },
    odd: { shape: [7], values: waves(7, pace) },
    single: { shape: [], values: waves(1, pace) },
    empty: { shape: [0, 3], values: waves(0, pace) }
  })
}

const all = (value: number | boolean) => [{ filter: null, value }]

function recipe(
  method: MergeRecipe['method'],
  models: [folder: string, settings: MergeSettings][],
  more: Partial<MergeRecipe> = {}
): MergeRecipe {
  return {
    method,
    base: null,
    models: models.map(([folder, settings]) => ({ folder, settings })),
    settings: {},
    dtype: null,
    randomSeed: 1,
    ...more
  }
}

const job = (asked: MergeRecipe, shardBytes = Infinity) => ({
  recipe: asked,
  folder: join(place, 'merged'),
  shardBytes
})

const hooks = (signal = new AbortController().signal, onProgress = () => undefined as void) => ({
  signal,
  onProgress
})

/** The long tensor of a merge. */
async function mergedLong(asked: MergeRecipe): Promise<Float32Array> {
  const { folder } = await mergeModels(job(asked), hooks())
  return (await openModelWeights(folder)).read('long')
}

/** Whether two arrays have the same bits; quicker for long ones than an assertion on each value. */
function sameBits(a: Float32Array, b: Float32Array): boolean {
  const bytes = (values: Float32Array) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return bytes(a).equals(bytes(b))
}

test('blocks and tensors join without a seam: every value is the exact sum, rounded once', async () => {
  const folders = [
    await writeWaves('a', 0.1),
    await writeWaves('b', 0.7),
    await writeWaves('c', 1.3)
  ]
  const weights = [1, 2, 0.5]
  const asked = recipe(
    'linear',
    folders.map((folder, i) => [folder, { weight: all(weights[i]!) }])
  )
  await mergeModels(job(asked), hooks())
  const merged = await openModelWeights(join(place, 'merged'))
  for (const [name, length] of [
    ['long', 300_003],
    ['odd', 7],
    ['single', 1],
    ['empty', 0]
  ] as const) {
    const parts = [0.1, 0.7, 1.3].map((pace) => waves(length, pace))
    const expected = parts[0]!.map((_, i) =>
      Math.fround(parts.reduce((sum, values, m) => sum + (weights[m]! / 3.5) * values[i]!, 0))
    )
    expect([name, sameBits(await merged.read(name), expected)]).toEqual([name, true])
  }
})

test('TIES and SLERP of a long tensor are what whole arrays give', async () => {
  const [base, a, b] = [
    await writeWaves('base', 0.1),
    await writeWaves('a', 0.7),
    await writeWaves('b', 1.3)
  ]
  const [x, y, z] = [waves(300_003, 0.1), waves(300_003, 0.7), waves(300_003, 1.3)]
  const ties = recipe(
    'ties',
    [
      [a, {}],
      [b, {}]
    ],
    {
      base,
      settings: { weight: all(1), density: all(0.3) }
    }
  )
  const deltas = [y, z].map((one) => {
    const delta = one.map((value, i) => value - x[i]!)
    const sorted = delta.map(Math.abs).sort()
    const least = sorted[sorted.length - Math.trunc(0.3 * sorted.length)]!
    return delta.map((value) => (Math.abs(value) >= least ? value : 0))
  })
  const expected = x.map((value, i) => {
    const own = deltas.map((delta) => delta[i]!)
    const sign = own[0]! + own[1]! >= 0 ? 1 : -1
    const kept = own.filter((one) => one * sign > 0)
    return value + kept.reduce((sum, one) => sum + one, 0) / Math.max(1, kept.length)
  })
  const merged = await mergedLong(ties)
  expect(merged.findIndex((value, i) => Math.abs(value - expected[i]!) > 1e-6)).toBe(-1)

  place = await temporaryFolder()
  const [first, second] = [await writeWaves('first', 0.1), await writeWaves('second', 0.7)]
  const slerp = recipe('slerp', [[second, {}]], { base: first, settings: { t: all(0.4) } })
  const product = (p: Float32Array, q: Float32Array) =>
    p.reduce((sum, one, i) => sum + one * q[i]!, 0)
  const angle = Math.acos(product(x, y) / Math.sqrt(product(x, x) * product(y, y)))
  const [p, q] = [Math.sin(0.6 * angle) / Math.sin(angle), Math.sin(0.4 * angle) / Math.sin(angle)]
  const between = await mergedLong(slerp)
  expect(between.findIndex((value, i) => Math.abs(value - p * x[i]! - q * y[i]!) > 1e-6)).toBe(-1)
})

test('DARE keeps about what it is asked to, the same for the same random seed, and the sum of magnitudes', async () => {
  const [base, a] = [await writeWaves('base', 0.1), await writeWaves('a', 0.7)]
  const [x, y] = [waves(300_003, 0.1), waves(300_003, 0.7)]
  const dare = (randomSeed: number) =>
    recipe('dare_linear', [[a, { weight: all(1), density: all(0.2) }]], { base, randomSeed })
  const results: Float32Array[] = []
  for (const seed of [1, 1, 2]) {
    results.push(await mergedLong(dare(seed)))
    await rm(join(place, 'merged'), { recursive: true })
  }
  const [one, again, other] = results as [Float32Array, Float32Array, Float32Array]
  expect([sameBits(one, again), sameBits(one, other)]).toEqual([true, false])
  const changed = one.filter((value, i) => value !== x[i]!).length / one.length
  expect(Math.abs(changed - 0.2)).toBeLessThan(0.005)
  const magnitude = (values: Float32Array) =>
    values.reduce((sum, value, i) => sum + Math.abs(value - x[i]!), 0)
  expect(magnitude(one) / magnitude(y)).toBeCloseTo(1, 4)
})

test('a result in several files is the same model, with its index', async () => {
  const folders = [await writeWaves('a', 0.1), await writeWaves('b', 0.7)]
  const asked = recipe(
    'linear',
    folders.map((folder) => [folder, { weight: all(1) }])
  )
  const plan = await planMerge(job(asked, 1000))
  const { files, bytesWritten } = await mergeModels(job(asked, 1000), hooks())
  expect(files).toContain('model.safetensors.index.json')
  expect(bytesWritten).toBe(plan.bytesWritten)
  const whole = { ...job(asked), folder: join(place, 'whole') }
  await mergeModels(whole, hooks())
  const [split, single] = [
    await openModelWeights(join(place, 'merged')),
    await openModelWeights(whole.folder)
  ]
  expect(split.files.length).toBeGreaterThan(1)
  for (const name of single.shapes.keys())
    expect(sameBits(await split.read(name), await single.read(name))).toBe(true)
})

test('configuration, tokenizer and recipe lie beside the weights; the type is said', async () => {
  const golden = (name: string) => join('tests/golden/merging/models', name)
  await cp(golden('a'), join(place, 'a'), { recursive: true })
  await writeFile(join(place, 'a', 'tokenizer.json'), '{"model": {"vocab": {}}}')
  const asked = recipe(
    'linear',
    [
      [join(place, 'a'), { weight: all(1) }],
      [golden('b'), { weight: all(1) }]
    ],
    { dtype: 'BF16' }
  )
  const { folder } = await mergeModels(job(asked), hooks())
  expect((await readdir(folder)).sort()).toEqual([
    'config.json',
    'merge.json',
    'model.safetensors',
    'tokenizer.json'
  ])
  const json = async (of: string, name: string) =>
    JSON.parse(await readFile(join(of, name), 'utf8'))
  const config = await json(golden('a'), 'config.json')
  expect(await json(folder, 'config.json')).toEqual({ ...config, dtype: 'bfloat16' })
  expect((await json(folder, 'merge.json')).method).toBe('linear')
})

test('a plan foresees weights, sizes and memory without reading a value', async () => {
  const folders = [await writeWaves('a', 0.1), await writeWaves('b', 0.7)]
  const base = await writeWaves('base', 1)
  const asked = recipe(
    'task_arithmetic',
    [
      [folders[0]!, { weight: all(0.5) }],
      [folders[1]!, { weight: [{ filter: 'odd', value: 2 }, ...all(1)] }]
    ],
    { base, settings: { lambda: all(0.5) } }
  )
  expect(await planMerge(job(asked))).toMatchObject({
    inputs: [
      { role: 'base', weight: null, effective: null },
      { role: 'model', weight: 0.5, effective: 0.25 },
      { role: 'model', weight: null, effective: null }
    ],
    byTensor: ['weight'],
    tensors: 4,
    parameters: 300_011,
    types: { F32: 300_011 },
    bytesRead: 3 * 4 * 300_011,
    largestTensorBytes: 4 * 300_003
  })
})

test('what is no floating-point number is copied where all agree, and refused where not', async () => {
  const numbers = (...values: number[]) => ({
    w: { shape: [2], values: Float32Array.of(1, 2) },
    ids: { shape: [values.length], values: Int32Array.from(values) }
  })
  const [a, b] = [await writeModel('a', numbers(1, 2, 3)), await writeModel('b', numbers(1, 2, 3))]
  const linear = (...folders: string[]) =>
    recipe(
      'linear',
      folders.map((folder) => [folder, { weight: all(1) }])
    )
  const { folder } = await mergeModels(job(linear(a, b)), hooks())
  const weights = await readFile(join(folder, 'model.safetensors'))
  expect([
    ...new Int32Array(
      weights.buffer.slice(
        weights.byteOffset + weights.length - 12,
        weights.byteOffset + weights.length
      )
    )
  ]).toEqual([1, 2, 3])
  const c = await writeModel('c', numbers(1, 2, 4))
  const other = { ...job(linear(a, c)), folder: join(place, 'other') }
  await expect(mergeModels(other, hooks())).rejects.toMatchObject({
    code: 'merge/mismatch',
    details: { tensor: 'ids', model: c }
  })
  expect((await readdir(place)).sort()).toEqual(['a', 'b', 'c', 'merged'])
})

test('models of other shapes, names or types are refused with the tensor and both models', async () => {
  const one = (shape: number[], name = 'w') => ({
    [name]: { shape, values: new Float32Array(shape.reduce((size, side) => size * side, 1)) }
  })
  const [a, b, c] = [
    await writeModel('a', one([2, 3])),
    await writeModel('b', one([3, 2])),
    await writeModel('c', one([2, 3], 'v'))
  ]
  const d = await writeModel('d', { w: { shape: [2, 3], values: new Int32Array(6) } })
  const merged = (folder: string) =>
    mergeModels(
      job(
        recipe('linear', [
          [a, { weight: all(1) }],
          [folder, { weight: all(1) }]
        ])
      ),
      hooks()
    )
  await expect(merged(b)).rejects.toMatchObject({
    code: 'merge/mismatch',
    message: expect.stringMatching(/w is \[2, 3\] in .*a and \[3, 2\] in .*b/)
  })
  await expect(merged(c)).rejects.toMatchObject({
    code: 'merge/mismatch',
    message: expect.stringMatching(/w is in .*a and not in .*c/)
  })
  await expect(merged(d)).rejects.toMatchObject({
    code: 'merge/mismatch',
    message: expect.stringMatching(/w is stored as I32 in .*d/)
  })
})

test.each<[string, Partial<MergeRecipe>, RegExp]>([
  [
    'weights that cancel',
    { settings: { weight: [{ filter: 'odd', value: 0 }, ...all(1)] } },
    /odd sum to 0/
  ],
  [
    'a tensor without a weight',
    { settings: { weight: [{ filter: 'odd', value: 1 }] } },
    /wants weight of .* for long/
  ],
  ['no base', { method: 'ties' }, /wants a base/],
  ['a base for linear', { base: '/nowhere' }, /linear has no base/],
  ['one model for two ends', { method: 'nuslerp', models: [] }, /wants 2 models/],
  [
    'a density of 2',
    { method: 'ties', base: '/nowhere', settings: { weight: all(1), density: all(2) } },
    /density is from 0 to 1; found 2/
  ],
  [
    'a setting of another method',
    { settings: { weight: all(1), t: all(0.5) } },
    /linear has no setting t/
  ],
  [
    'columns for rows',
    {
      method: 'nuslerp',
      models: ['/a', '/b'].map((folder) => ({ folder, settings: {} })),
      settings: { weight: all(1), nuslerp_row_wise: all(true) }
    },
    /nuslerp_row_wise is not made here/
  ],
  ['true for a number', { settings: { weight: all(true) } }, /weight is a number; found true/]
])('a recipe with %s is refused before anything is read', async (_, change, message) => {
  const folder = await writeWaves('a', 0.1)
  const asked = { ...recipe('linear', [[folder, {}]]), ...change }
  await expect(planMerge(job(asked))).rejects.toMatchObject({
    code: 'merge/invalid',
    message: expect.stringMatching(message)
  })
})

test('DELLA says when its probabilities leave the range from 0 to 1', async () => {
  const [base, a] = [await writeWaves('base', 0.1), await writeWaves('a', 0.7)]
  const asked = recipe('della', [[a, { weight: all(1), density: all(0.9) }]], { base })
  await expect(planMerge(job(asked))).rejects.toMatchObject({
    code: 'merge/invalid',
    message: expect.stringContaining('Lower epsilon')
  })
})

test('a folder that is there already is left as it is', async () => {
  const folder = await writeWaves('a', 0.1)
  const asked = recipe('linear', [[folder, { weight: all(1) }]])
  const onto = { ...job(asked), folder }
  await expect(planMerge(onto)).rejects.toMatchObject({ code: 'storage/exists' })
  await expect(mergeModels(onto, hooks())).rejects.toMatchObject({ code: 'storage/exists' })
  expect((await readdir(folder)).sort()).toEqual(['config.json', 'model.safetensors'])
})

test('a merge that the disk cannot hold is refused before it begins', async () => {
  const { bytesFree } = await planMerge(
    job(recipe('linear', [[await writeWaves('a', 0.1), { weight: all(1) }]]))
  )
  const folder = join(place, 'sparse')
  await mkdir(folder)
  const values = Math.ceil(bytesFree / 2)
  const header = encodeHeader([{ name: 'w', dtype: 'F32', shape: [values], bytes: 4 * values }], {})
  await writeFile(join(folder, 'config.json'), '{}')
  await writeFile(join(folder, 'model.safetensors'), header)
  await truncate(join(folder, 'model.safetensors'), header.length + 4 * values)
  await expect(
    planMerge(job(recipe('linear', [[folder, { weight: all(1) }]])))
  ).rejects.toMatchObject({ code: 'storage/disk-full' })
})

test('a merge that is stopped, or fails halfway, leaves nothing', async () => {
  const folders = [await writeWaves('a', 0.1), await writeWaves('b', 0.7)]
  const asked = recipe(
    'linear',
    folders.map((folder) => [folder, { weight: all(1) }])
  )
  const controller = new AbortController()
  const reason = new Error('enough')
  const stopped = mergeModels(
    job(asked),
    hooks(controller.signal, () => controller.abort(reason))
  )
  await expect(stopped).rejects.toBe(reason)
  expect((await readdir(place)).sort()).toEqual(['a', 'b'])

  const weights = join(folders[1]!, 'model.safetensors')
  const shorter = mergeModels(
    job(asked),
    hooks(undefined, () => void truncate(weights, 4000).catch(() => undefined))
  )
  await expect(shorter).rejects.toMatchObject({ code: 'checkpoint/invalid' })
  expect((await readdir(place)).sort()).toEqual(['a', 'b'])
  expect(dirname(weights)).toBe(folders[1])
})

test('a merge says what it came of, so that merges of it know their ancestor', async () => {
  const golden = (name: string) => join('tests/golden/merging/models', name)
  for (const name of ['a', 'b']) {
    await cp(golden(name), join(place, name), { recursive: true })
    const lineage = { run: name, name, startedFrom: { id: 'run:seed', name: 'seed' } }
    await writeFile(join(place, name, 'lineage.json'), JSON.stringify(lineage))
  }
  const models = ['a', 'b'].map((name) => [join(place, name), { weight: all(1) }] as const)
  const { folder } = await mergeModels(
    job(
      recipe(
        'linear',
        models.map((one) => [...one])
      )
    ),
    hooks()
  )
  const told = await readAncestry(folder)
  expect(told).toMatchObject({
    self: { id: expect.stringMatching(/^merge:linear:run:a\+run:b\+[0-9a-f]{12}$/) as string },
    made: 'merged',
    parents: [{ id: 'run:a' }, { id: 'run:b' }],
    ancestor: { id: 'run:seed' }
  })
  // Of strangers nothing is claimed.
  const stranger = {
    ...job(
      recipe('linear', [
        [golden('a'), { weight: all(1) }],
        [golden('b'), { weight: all(1) }]
      ])
    )
  }
  const other = await mergeModels({ ...stranger, folder: join(place, 'other') }, hooks())
  expect(await readAncestry(other.folder)).toMatchObject({
    parents: [],
    ancestor: null
  })
})
