import { existsSync } from 'node:fs'
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { outcomeKeys, readOutcome, writeOutcome } from '#engine/storage/outcomes'
import { isPassing } from '#engine/storage/readErrors'
import { projectPaths } from '#engine/storage/paths'
import { sealedText } from '#engine/storage/seals'
import { adoptOutcomes } from '#engine/studies/adoptOutcomes'
import type { RunContext } from '#engine/studies/runContext'
import { WorkbenchError } from '#shared/errors'
import { temporaryFolder } from '../../../support/temporaryFolder'

const error = { code: 'bug' as const, message: 'it went wrong', details: {} }
const left = (key: string) => ({ key, study: 'small', assay: '1', host: 'node7', error })

test('what failed or is damaged is cleared away; what cannot be read now stays for the next look', async () => {
  const folder = await temporaryFolder()
  await writeOutcome(folder, left('failed'))
  await writeOutcome(folder, left('damaged'))
  await truncate(projectPaths.outcome(folder, 'damaged'), 40)
  // A link to itself cannot be read: as little is known of it as of one whose server is away.
  const loop = projectPaths.outcome(folder, 'unread')
  await symlink(loop, loop)
  expect(await readOutcome(folder, 'none')).toBeNull()
  expect(await readOutcome(folder, 'damaged')).toBeNull()
  await expect(readOutcome(folder, 'unread')).rejects.toMatchObject({
    code: 'storage/not-readable'
  })
  await adoptOutcomes({ project: { folder } } as unknown as RunContext)
  expect(await outcomeKeys(folder)).toEqual(['unread'])
})

test('an outcome of a later version is refused, not cleared away', async () => {
  const folder = await temporaryFolder()
  await mkdir(projectPaths.outcomes(folder))
  const path = join(folder, 'outcomes', 'later.json')
  await writeFile(path, sealedText({ format: 'assay-outcome', version: 99 }))
  const adopted = adoptOutcomes({ project: { folder } } as unknown as RunContext)
  await expect(adopted).rejects.toMatchObject({ code: 'storage/newer-version' })
  expect(existsSync(path)).toBe(true)
})

test.each([
  [Object.assign(new Error('ESTALE: stale file handle, open'), { code: 'ESTALE' }), true],
  [new Error('ETIMEDOUT: connection timed out, stat'), true],
  [new WorkbenchError('storage/not-writable', 'The disk failed.', { reason: 'EIO' }), true],
  [Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' }), false],
  [new WorkbenchError('storage/corrupt', 'The EIO: is in its middle.'), false],
  [null, false]
])('of %s it may be read the next time: %s', (thrown, expected) => {
  expect(isPassing(thrown)).toBe(expected)
})
