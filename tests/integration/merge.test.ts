import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { encodeHeader } from '#engine/checkpoints/safetensors'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import type { MergePlan, MergeResult } from '#shared/merging'
import { assay, assayDone, assayError } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'

const golden = (name: string) => resolve('tests/golden/merging/models', name)

let place: string
let out: string

beforeEach(async () => {
  place = await temporaryFolder()
  out = join(place, 'merged')
})

/** A model of zeros that take no place on the disk: `sides` tensors of as many float32 values. */
async function writeSparse(name: string, tensors: number, values: number): Promise<string> {
  const folder = join(place, name)
  await mkdir(folder)
  const layout = Array.from({ length: tensors }, (_, i) => ({
    name: `tensor.${i}`,
    dtype: 'F32',
    shape: [values],
    bytes: 4 * values
  }))
  const header = encodeHeader(layout, {})
  await writeFile(join(folder, 'config.json'), '{}')
  await writeFile(join(folder, 'model.safetensors'), header)
  await truncate(join(folder, 'model.safetensors'), header.length + 4 * values * tensors)
  return folder
}

const merged = async (args: string[]) =>
  JSON.parse(await assayDone(['merge', ...args, '--out', out, '--json'])) as {
    plan: MergePlan
    result?: MergeResult
  }

test('two models are merged by weights into a folder, with the plan as JSON', async () => {
  const { plan, result } = await merged([golden('a'), golden('b'), '--weights', '3,1'])
  expect(plan.inputs.map(({ effective }) => effective)).toEqual([0.75, 0.25])
  expect(result!.bytesWritten).toBe(plan.bytesWritten)
  const [a, b, ours] = await Promise.all([golden('a'), golden('b'), out].map(openModelWeights))
  const name = 'model.embed_tokens.weight'
  const [x, y] = [await a!.read(name), await b!.read(name)]
  const expected = x.map((value, i) => Math.fround(0.75 * value + 0.25 * y[i]!))
  expect(await ours!.read(name)).toEqual(expected)
})

test('a plan for people names effective weights, memory and disk, and writes nothing', async () => {
  const text = await assayDone(['merge', golden('a'), golden('b'), '--out', out, '--plan'])
  expect(text).toMatch(/linear: 2 models into/)
  expect(text).toMatch(/0\.500000/)
  expect(text).toMatch(/memory at most about/)
  expect(text).toMatch(/writes .* free\)/)
  expect(existsSync(out)).toBe(false)
})

test('a mergekit configuration is read; its folders are relative to where one stands', async () => {
  const file = join(place, 'merge.yaml')
  const model = (name: string) => `  - model: ${golden(name)}\n    parameters: {weight: 0.5}\n`
  await writeFile(
    file,
    `merge_method: ties\nbase_model: ${golden('base')}\nmodels:\n${model('a')}${model('b')}dtype: float32\n`
  )
  const { plan } = await merged(['--config', file])
  expect([plan.method, plan.inputs.length]).toEqual(['ties', 3])
  await writeFile(file, 'merge_method: linear\nslices: []\n')
  const refused = await assayError(['merge', '--config', file, '--out', join(place, 'other')])
  expect(refused).toMatchObject({ status: 1, code: 'merge/invalid', details: { line: 2 } })
})

test('what is asked wrongly ends with 2, what cannot be merged with 1; hints name flags', async () => {
  const two = [golden('a'), golden('b')]
  const asked = (args: string[]) => assayError(['merge', ...args, '--out', out])
  expect(await asked([...two, '--method', 'soup'])).toMatchObject({
    status: 2,
    code: 'usage/invalid'
  })
  expect(await asked([...two, '--weights', '1'])).toMatchObject({
    status: 2,
    message: expect.stringContaining('each of the 2 models, found 1')
  })
  expect(await asked([...two, '--config', 'x.yaml'])).toMatchObject({ status: 2 })
  expect(await asked([...two, '--set', 'nothing=1'])).toMatchObject({ status: 2 })
  expect(await asked([golden('a'), join(place, 'nowhere')])).toMatchObject({
    status: 1,
    code: 'checkpoint/invalid'
  })
  const { stderr, status } = await assay(['merge', ...two, '--method', 'ties', '--out', out])
  expect([status, stderr]).toEqual([1, expect.stringContaining('(assay merge … --base FOLDER)')])
  await mkdir(out)
  expect(await asked(two)).toMatchObject({ status: 1, code: 'storage/exists' })
  expect(await readdir(out)).toEqual([])
})

test('help has examples', async () => {
  expect(await assayDone(['merge', '--help'])).toMatch(/Examples:\n {2}assay merge law code prose/)
})

test('memory has a bound that neither the number nor the size of models moves', async () => {
  const values = 40_000_000
  const models = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((name) => writeSparse(name, 1, values))
  )
  const { plan, result } = await merged(models)
  expect(result!.peakBytes).toBeLessThan(256_000_000)
  expect(result!.peakBytes).toBeLessThan(1.25 * plan.peakBytes)
})

test('Ctrl-C leaves nothing and ends with 130', async () => {
  const models = await Promise.all(['a', 'b'].map((name) => writeSparse(name, 4, 60_000_000)))
  const args = [resolve('out/main/cli.cjs'), 'merge', ...models, '--out', out]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<number | null>((done) => child.on('exit', done))
  while (!(await readdir(place)).some((name) => name.startsWith('merged.draft-'))) {
    if (child.exitCode !== null) throw new Error('it was over before it could be stopped')
    await new Promise((done) => setTimeout(done, 20))
  }
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  expect((await readdir(place)).sort()).toEqual(['a', 'b'])
})
