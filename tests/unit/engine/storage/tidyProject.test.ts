import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { claimRun } from '#engine/storage/claims'
import { tidyProject } from '#engine/storage/tidyProject'
import { temporaryFolder } from '../../../support/temporaryFolder'

const DRAFT = 'resume.draft-0123456789ab'

test('drafts of a run that somebody trains are his, those of any other go', async () => {
  const project = await temporaryFolder()
  for (const run of ['a', 'b', 'c'])
    await mkdir(join(project, 'runs', run, DRAFT), { recursive: true })
  await writeFile(join(project, 'runs/c/manifest.json'), 'finished')
  const claim = await claimRun(project, 'a')
  await tidyProject(project)
  const left = async () => (await readdir(join(project, 'runs'), { recursive: true })).sort()
  expect(await left()).toEqual(['a', 'a/claim.json', `a/${DRAFT}`, 'b', 'c', 'c/manifest.json'])
  await claim.release()
  await tidyProject(project)
  expect(await left()).toEqual(['a', 'b', 'c', 'c/manifest.json'])
})

test('what lies in a leftover goes or comes back with it', async () => {
  const project = await temporaryFolder()
  await mkdir(join(project, `runs/a/${DRAFT}/x.replaced-0123456789ab`), { recursive: true })
  await mkdir(join(project, 'runs/b.replaced-0123456789ab/y.draft-0123456789ab'), {
    recursive: true
  })
  await tidyProject(project)
  const left = await readdir(join(project, 'runs'), { recursive: true })
  expect(left.sort()).toEqual(['a', 'b', 'b/y.draft-0123456789ab'])
})

test('a project that is refused for a link keeps its drafts, however deep the link lies', async () => {
  const project = await temporaryFolder()
  const deep = join(project, 'runs/a/checkpoint/deeper')
  await mkdir(deep, { recursive: true })
  await mkdir(join(project, 'runs/a', DRAFT))
  await symlink(await temporaryFolder(), join(deep, 'link'))
  await expect(tidyProject(project)).rejects.toMatchObject({ code: 'storage/not-writable' })
  expect(await readdir(join(project, 'runs/a'))).toContain(DRAFT)
})

test('drafts of text are left to elements of a cluster as long as there are any', async () => {
  const project = await temporaryFolder()
  const draft = join(project, 'tokens/one.draft-0123456789ab')
  await mkdir(draft, { recursive: true })
  await mkdir(join(project, 'cluster/assay-0123456789ab'), { recursive: true })
  await tidyProject(project)
  expect(await readdir(join(project, 'tokens'))).toHaveLength(1)
  await rm(join(project, 'cluster'), { recursive: true })
  await tidyProject(project)
  expect(await readdir(join(project, 'tokens'))).toEqual([])
})

test('where it cannot be read whether there is a cluster there may be one', async () => {
  const project = await temporaryFolder()
  await mkdir(join(project, 'tokens/one.draft-0123456789ab'), { recursive: true })
  await writeFile(join(project, 'cluster'), 'no folder')
  await tidyProject(project)
  expect(await readdir(join(project, 'tokens'))).toHaveLength(1)
})

test('a claim on a finished run was left by a process that died before it let go', async () => {
  const project = await temporaryFolder()
  const claims = await Promise.all(['a', 'b'].map((run) => claimRun(project, run)))
  await writeFile(join(project, 'runs/a/manifest.json'), 'finished')
  await tidyProject(project)
  expect(await readdir(join(project, 'runs/a'))).toEqual(['manifest.json'])
  expect(await readdir(join(project, 'runs/b'))).toEqual(['claim.json'])
  for (const claim of claims) await claim.release()
})
