import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findModels } from '#engine/data/modelTable'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** Folders that look like checkpoints. */
async function checkpoints(...places: string[]): Promise<string> {
  const folder = await temporaryFolder()
  for (const place of places) {
    await mkdir(join(folder, place), { recursive: true })
    await writeFile(join(folder, place, 'config.json'), '{}')
  }
  return folder
}

const said = (models: Awaited<ReturnType<typeof findModels>>) =>
  models.map(({ role, partition, mixture }) => [role, partition ?? mixture])

test('loose folders are branches by their names, but for a seed and for mixtures', async () => {
  const folder = await checkpoints('base', 'art', 'law/unit-1', 'law/unit-2', 'art+law')
  const paths = ['base', 'art', 'law', 'art+law'].map((name) => join(folder, name))
  expect(said(await findModels(paths))).toEqual([
    ['seed', null],
    ['branch', 'art'],
    ['branch', 'law'],
    ['branch', 'law'],
    ['sequential', 'art+law']
  ])
})

test('the parts of a sorted folder are read alike together and one by one', async () => {
  const folder = await checkpoints('seed', 'branches/art', 'branches/law', 'sequential/art+law')
  const whole = await findModels([folder])
  const parts = await findModels(
    ['seed', 'branches', 'sequential'].map((name) => join(folder, name))
  )
  expect(parts).toEqual(whole)
  expect(said(whole)).toEqual([
    ['seed', null],
    ['branch', 'art'],
    ['branch', 'law'],
    ['sequential', 'art+law']
  ])
})

test('a folder told by its files is the folder', async () => {
  const folder = await checkpoints('branches/art', 'branches/law', 'seed')
  const files = ['seed', 'branches/art', 'branches/law'].flatMap((place) =>
    ['config.json', 'model.safetensors'].map((name) => join(folder, place, name))
  )
  expect(await findModels(files)).toEqual(await findModels([folder]))
  // A name that another one begins with is no folder above it.
  const near = await checkpoints('law', 'law-2')
  const two = ['law', 'law-2'].map((place) => join(near, place, 'config.json'))
  expect(said(await findModels(two))).toEqual([
    ['branch', 'law'],
    ['branch', 'law-2']
  ])
})

test('a table says it, also from inside of the folder', async () => {
  const folder = await checkpoints('a', 'b')
  await writeFile(join(folder, 'models.csv'), 'path,partition,tokens\na,art,4000\nb,law,\n')
  const found = await findModels([folder])
  expect(found).toMatchObject([
    { folder: join(folder, 'a'), partition: 'art', tokens: 4000 },
    { folder: join(folder, 'b'), partition: 'law', tokens: null }
  ])
  expect(await findModels([join(folder, 'models.csv'), join(folder, 'a')])).toEqual(found)
})

test('where there is no checkpoint it is said so', async () => {
  const folder = await checkpoints()
  await writeFile(join(folder, 'notes.txt'), 'none')
  for (const paths of [[folder], [join(folder, 'notes.txt')], []]) {
    await expect(findModels(paths)).rejects.toMatchObject({ code: 'table/invalid' })
  }
})
