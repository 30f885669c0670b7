import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectPaths } from '#engine/storage/paths'
import { assertSound, readSums } from '#engine/storage/sealedFiles'
import { takeModels } from '#engine/workers/takeModelsJob'
import { writeOurs } from '../../../golden/checkpoints/ours'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** A project's folder, and a model outside it. */
async function projectAndModel(): Promise<{ project: string; model: string; outside: string }> {
  const home = await temporaryFolder()
  const [project, model, outside] = ['project', 'model', 'outside.txt'].map((name) =>
    join(home, name)
  ) as [string, string, string]
  await mkdir(project)
  await writeOurs(model)
  await writeFile(outside, 'of this machine')
  return { project, model, outside }
}

const take = (project: string, models: string[]) =>
  takeModels(
    { project, models, seed: null, keepSeedIn: null },
    { signal: new AbortController().signal, onProgress: () => undefined }
  )

test('a model is taken in with the files that say what it is', async () => {
  const { project, model } = await projectAndModel()
  await writeFile(join(model, 'README.md'), 'a card')
  const { models } = await take(project, [model])
  const copy = projectPaths.checkpoint(project, models[0]!.fingerprint)
  const names = await readdir(model)
  expect(await readdir(copy)).toEqual(names)
  for (const name of names) {
    expect(await readFile(join(copy, name))).toEqual(await readFile(join(model, name)))
  }
})

test('a seed model that is kept has sums of all its files', async () => {
  const { project, model } = await projectAndModel()
  const seed = join(project, '../seed')
  await writeOurs(seed)
  const keepSeedIn = join(project, 'seeds/0a1b/seed')
  await takeModels(
    { project, models: [model], seed, keepSeedIn },
    { signal: new AbortController().signal, onProgress: () => undefined }
  )
  const { files } = (await readSums(keepSeedIn))!
  const names = files.map(({ name }) => name)
  expect((await readdir(keepSeedIn)).sort()).toEqual([...names, 'sums.json'].sort())
  expect(names).toContain('model.safetensors')
  await writeFile(join(keepSeedIn, 'model.safetensors'), 'spoiled')
  await expect(assertSound(keepSeedIn)).rejects.toMatchObject({ code: 'storage/corrupt' })
})

test('weights that are no numbers are refused and counted, and nothing of the model stays', async () => {
  const { project, model } = await projectAndModel()
  const path = join(model, 'model.safetensors')
  const bytes = await readFile(path)
  // The last tensor of the file is the head.
  new Float32Array([NaN, Infinity]).forEach((value, i) =>
    bytes.writeFloatLE(value, bytes.length - 8 + 4 * i)
  )
  await writeFile(path, bytes)
  await expect(take(project, [model])).rejects.toMatchObject({
    code: 'checkpoint/invalid',
    details: { path: model, tensor: 'lm_head.weight', notFinite: 2 }
  })
  expect(existsSync(join(project, 'runs'))).toBe(false)
})

test('a model that the project has is taken again as it is', async () => {
  const { project, model } = await projectAndModel()
  const first = await take(project, [model])
  expect(await take(project, [model])).toEqual(first)
  expect(await readdir(join(project, 'runs'))).toEqual([first.models[0]!.fingerprint])
})

test.each(['README.md', 'generation_config.json', 'tokenizer_config.json'])(
  'a link that leads out of a model’s folder is refused, and nothing of the model stays: %s',
  async (name) => {
    const { project, model, outside } = await projectAndModel()
    await rm(join(model, name), { force: true })
    await symlink(outside, join(model, name))
    await expect(take(project, [model])).rejects.toMatchObject({
      code: 'checkpoint/invalid',
      message: expect.stringContaining('it is a link that leads out of its folder') as string
    })
    const runs = join(project, 'runs')
    expect(existsSync(runs) ? await readdir(runs) : []).toEqual([])
  }
)
