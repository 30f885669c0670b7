/** A disk that runs low under a study, as people see it: a real file system, filled and emptied. */
import { execFileSync } from 'node:child_process'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { expectAccessible } from '../support/accessibility'
import { firstRun, newProject, openWindow, show, tableRows } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { holdWorkers } from '../support/heldWorkers'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' as const }

/** Branches of some seconds, so that the disk can fill while they train. */
const slow = (within?: string) =>
  newProject(
    200,
    {
      seed: { source: 'text', corpus: 'seed', tokenBudget: 16 * 400, recipe },
      sequential: { choose: { kind: 'none' } }
    },
    within
  )

/** A disk of 96 MB that goes with the test. */
async function smallDisk(): Promise<{ disk: string; leave: (free: number) => Promise<void> }> {
  const disk = join(await temporaryFolder(), 'disk')
  await mkdir(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', disk])
  onTestFinished(() => void execFileSync('umount', ['--lazy', disk]))
  const filler = join(disk, 'filler')
  const leave = async (free: number) => {
    await rm(filler, { force: true })
    const { bavail, bsize } = await statfs(disk)
    if (free < bavail * bsize) await writeFile(filler, Buffer.alloc(bavail * bsize - free))
  }
  return { disk, leave }
}

test('the window says that a study waits, for what and for how much; it goes on to the same tables', async () => {
  const { disk, leave } = await smallDisk()
  const project = await slow(disk)
  const { link, child, end } = await serveProject(project, ['--disk-floor', '20MB'])
  onTestFinished(end)
  await leave(10_000_000)
  const { page, complaints } = await openWindow(link)
  const banner = page.getByRole('status').filter({ hasText: 'Waiting for disk space:' })

  // Before its text is prepared.
  await page.getByRole('button', { name: 'Run study' }).click()
  await banner.waitFor()
  expect(await banner.innerText()).toMatch(
    /^Waiting for disk space: 10\.0 MB free, floor 20\.0 MB\. It goes on\s+by itself when there is space\.$/
  )
  await expectAccessible(page, 'waiting for disk space')
  await leave(Infinity)
  await banner.waitFor({ state: 'hidden' })

  // While it trains; who looks anew is told too.
  await firstRun(project)
  const goOn = await holdWorkers(child.pid!)
  await leave(5_000_000)
  await banner.waitFor()
  goOn()
  await page.reload()
  await banner.waitFor()
  await show(page, 'Training')
  const training = () => page.locator('tr[data-state=training]').count()
  await expect.poll(training, { timeout: 20_000 }).toBe(0)
  await leave(Infinity)
  await banner.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 60_000 })
  const undone = page.locator('tr[data-state]:not([data-state=done])')
  await expect.poll(() => undone.count()).toBe(0)
  expect(complaints).toEqual([])

  const same = await slow()
  await assayDone(['run', same])
  const measured = await tableRows(project, 'measurements')
  expect(measured.length).toBeGreaterThan(10)
  expect(measured).toEqual(await tableRows(same, 'measurements'))
})
