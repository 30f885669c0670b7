import { rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { writeCheckpoint } from '#engine/checkpoints/huggingFace'
import { initializeParameters } from '#engine/model/initialize'
import { FolderDraft } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { writeManifest } from '#engine/storage/runs'
import { ModelReader } from '#engine/workers/modelReader'
import { smallStudy } from '../../../support/preparedText'
import { temporaryFolder } from '../../../support/temporaryFolder'

const config = { ...smallStudy().model, vocabularySize: 300 }
const BRANCHES = ['one', 'two', 'three'].map((fingerprint, i) => ({
  fingerprint,
  weight: [0.5, 0.3, 0.2][i]!
}))

const RESULT = {
  finalLoss: 4,
  elapsedMs: 1000,
  tokensPerSecond: 10,
  backend: 'tensorflow',
  device: 'CPU',
  threads: 1,
  host: 'here'
}

async function projectWithBranches(): Promise<string> {
  const project = await temporaryFolder()
  for (const [index, { fingerprint }] of BRANCHES.entries()) {
    const draft = await FolderDraft.begin(projectPaths.checkpoint(project, fingerprint))
    const parameters = initializeParameters(config, index + 1)
    await writeCheckpoint(draft, config, parameters, { endOfTextId: 0 })
    await draft.commit()
    await writeManifest(project, fingerprint, RESULT)
  }
  return project
}

const merge = (branches = BRANCHES) => ({ kind: 'merge' as const, branches })

test('branches that do not fit are averaged from their files, with the same bits', async () => {
  const project = await projectWithBranches()
  const roomy = new ModelReader()
  const tight = new ModelReader()
  const held = structuredClone(await roomy.read(project, merge(), 1e9))
  const streamed = structuredClone(await tight.read(project, merge(), 100))
  expect(streamed).toEqual(held)
  const one = [...initializeParameters(config, 1).values()]
  const bytes = one.reduce((sum, { data }) => sum + data.byteLength, 0)
  expect([roomy.heldBytes, tight.heldBytes]).toEqual([3 * bytes, 0])
})

test('branches make room for those of the next merge', async () => {
  const project = await projectWithBranches()
  const reader = new ModelReader()
  const [one, two, three] = BRANCHES as [{ fingerprint: string; weight: number }, never, never]
  await reader.read(project, merge([one]), 1e9)
  const each = reader.heldBytes
  await reader.read(project, merge([one, two]), 2 * each)
  await reader.read(project, merge([two, three]), 2 * each)
  expect(reader.heldBytes).toBe(2 * each)
})

test('a branch whose file was changed is refused before it is averaged', async () => {
  const project = await projectWithBranches()
  const folder = projectPaths.checkpoint(project, 'two')
  await rm(`${folder}/config.json`)
  await writeFile(`${folder}/config.json`, '{}')
  await expect(new ModelReader().read(project, merge(), 100)).rejects.toMatchObject({
    code: 'storage/corrupt'
  })
})

test('a model that holds NaN is neither measured nor merged, and is named', async () => {
  const project = await projectWithBranches()
  const [one, two, three] = BRANCHES.map(({ fingerprint }) => fingerprint) as [
    string,
    string,
    string
  ]
  const parameters = initializeParameters(config, 2)
  const [name] = [...parameters.keys()].slice(-1) as [string]
  parameters.get(name)!.data[3] = NaN
  await rm(projectPaths.checkpoint(project, two), { recursive: true })
  const draft = await FolderDraft.begin(projectPaths.checkpoint(project, two))
  await writeCheckpoint(draft, config, parameters, { endOfTextId: 0 })
  await draft.commit()
  await writeManifest(project, two, RESULT)
  const refused = {
    code: 'checkpoint/invalid',
    details: { parameter: name, model: expect.stringContaining(two) as string }
  }
  const reader = new ModelReader()
  await expect(reader.read(project, { kind: 'run', fingerprint: two }, 0)).rejects.toMatchObject(
    refused
  )
  for (const heldBytes of [0, 1e9]) {
    await expect(reader.read(project, merge(), heldBytes)).rejects.toMatchObject(refused)
  }
  const others = BRANCHES.filter(({ fingerprint }) => [one, three].includes(fingerprint))
  expect((await reader.read(project, merge(others), 1e9)).size).toBe(parameters.size)
})
