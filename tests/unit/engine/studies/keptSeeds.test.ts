/** A seed model that the project keeps is held against its sums before anything is planned from it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeFolder } from '#engine/storage/files'
import { Project } from '#engine/storage/project'
import { SeedCheckpoints } from '#engine/studies/seedCheckpoints'
import type { WorkerPool } from '#engine/workers/pool'
import { smallStudy } from '../../../support/preparedText'
import { temporaryFolder } from '../../../support/temporaryFolder'

test('a damaged one is refused, not taken for another model', async () => {
  const project = await Project.create(join(await temporaryFolder(), 'project'))
  const path = 'seeds/0a1b/base'
  await writeFolder(join(project.folder, path), async (draft) => {
    await draft.writeFile('model.safetensors', 'weights')
    await draft.seal()
  })
  // Who describes it would read the weights as they are, and call them a model of their own.
  const described = { name: 'base', fingerprint: 'f' }
  const pool = { run: () => Promise.resolve(described) } as unknown as WorkerPool
  const study = smallStudy({ seed: { source: 'checkpoint', path } })
  expect(await new SeedCheckpoints(project, pool).of(study)).toEqual(described)
  await writeFile(join(project.folder, path, 'model.safetensors'), 'weighty')
  await expect(new SeedCheckpoints(project, pool).of(study)).rejects.toMatchObject({
    code: 'storage/corrupt',
    message: expect.stringContaining('import the models again') as string
  })
  await project.close()
})
