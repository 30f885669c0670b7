/** What may be removed while others, of this machine or of a cluster, are at work in the project. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { claimRun } from '#engine/storage/claims'
import { projectPaths } from '#engine/storage/paths'
import { findRemovable, remove } from '#engine/studies/removable'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** Of a study that is planned and wants nothing that is there. */
const NOTHING = { plans: [], tokens: new Set<string>() }

/** A claim of another machine, of whose process nothing is known. */
async function claimElsewhere(project: string, run: string): Promise<void> {
  const path = projectPaths.claim(project, run)
  const claim = { host: 'node7', machine: 'other', bootId: 'b', pid: 7, processStart: '1' }
  const beat = { nonce: 'n', since: '2026', job: '12_3', beat: 1, patienceMs: 45_000 }
  await writeFile(path, JSON.stringify({ ...claim, ...beat }))
}

async function projectOf(runs: readonly string[]): Promise<string> {
  const project = await temporaryFolder()
  for (const run of runs) {
    const draft = join(projectPaths.run(project, run), 'resume.draft-0123456789ab')
    await mkdir(draft, { recursive: true })
    await writeFile(join(draft, 'model.safetensors'), 'half')
  }
  return project
}

const pathsOf = async (project: string, needs: typeof NOTHING | null = NOTHING) =>
  (await findRemovable(project, needs)).map(({ kind, path }) => `${kind}: ${path}`)

test('neither the drafts of a run that somebody trains can go, nor the run itself', async () => {
  const project = await projectOf(['here', 'there', 'nobodys'])
  const claim = await claimRun(project, 'here')
  await claimElsewhere(project, 'there')
  expect(await pathsOf(project)).toEqual([
    'drafts: runs/nobodys/resume.draft-0123456789ab',
    'runs: runs/nobodys'
  ])
  await claim.release()
  expect(await pathsOf(project)).toContain('runs: runs/here')
})

test('drafts of text and caches are left to a cluster as long as it has elements', async () => {
  const project = await projectOf([])
  await mkdir(join(project, 'tokens/one.draft-0123456789ab'), { recursive: true })
  await mkdir(join(project, 'cluster/assay-0123456789ab'), { recursive: true })
  expect(await pathsOf(project, null)).toEqual([])
})

test('what was to be replaced, and was not, goes back in place of going away', async () => {
  const project = await projectOf([])
  const old = join(project, 'runs/a/resume.replaced-0123456789ab')
  await mkdir(old, { recursive: true })
  await writeFile(join(old, 'model.safetensors'), 'whole')
  for (const one of await findRemovable(project, null)) await remove(project, one)
  expect(await readdir(join(project, 'runs/a'))).toEqual(['resume'])
  expect(await readFile(join(project, 'runs/a/resume/model.safetensors'), 'utf8')).toBe('whole')
})
