/** Damaged files as people meet them in the window: found, named, repaired. */
import { cp, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility'
import { newProject, openWindow, runStudy, tableRows } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { serveFolder } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

let place: string
let whole: string
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'assay-test-'))
  whole = await newProject(60, { sequential: { choose: { kind: 'none' } } }, place)
  await assayDone(['run', whole])
})
afterAll(() => rm(place, { recursive: true, force: true }))

async function copied(): Promise<string> {
  const project = join(await temporaryFolder(), 'languages')
  await cp(whole, project, { recursive: true })
  return project
}

async function flipMiddle(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
}

test('the files of the open project are checked; what is damaged is named, set aside and trained again', async () => {
  const project = await copied()
  const { link } = await serveFolder(dirname(project))
  const { page, complaints } = await openWindow(link)
  await page.getByRole('button', { name: 'Open languages', exact: true }).click()
  await page.getByRole('button', { name: 'Run study' }).waitFor()
  const sheet = page.getByRole('dialog', { name: 'Files of languages' })
  const check = async () => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Command' }).fill('check the files')
    await page.keyboard.press('Enter')
    await sheet.getByRole('status').waitFor()
  }
  await check()
  expect(await sheet.getByRole('status').innerText()).toMatch(
    /^\d+ files, [\d.]+ [kM]B, all sound\.$/
  )
  await sheet.getByRole('button', { name: 'Done' }).click()
  await sheet.waitFor({ state: 'detached' })

  const [run] = await readdir(join(project, 'runs'))
  const weights = `runs/${run}/checkpoint/model.safetensors`
  await flipMiddle(join(project, weights))
  await check()
  await sheet.getByText('1 is damaged').waitFor()
  const line = sheet.getByRole('row').filter({ hasText: weights })
  await line.getByText(/the run .+ is trained again/).waitFor()
  await expectAccessible(page, 'damaged files')
  await sheet.getByRole('button', { name: 'Repair …' }).click()
  await sheet.getByText('Repair languages?').waitFor()
  await expectAccessible(page, 'asking before a repair')
  await sheet.getByRole('button', { name: 'Leave it' }).click()
  expect(await readdir(project)).not.toContain('damaged')
  await sheet.getByRole('button', { name: 'Repair …' }).click()
  await sheet.getByRole('button', { name: 'Repair now' }).click()
  await sheet.getByText('lies in damaged/1 of the project').waitFor()
  await sheet.getByRole('button', { name: 'Check again' }).click()
  await sheet.getByText('all sound').waitFor()
  await sheet.getByRole('button', { name: 'Done' }).click()
  await runStudy(page)
  const measured = await tableRows(project, 'measurements')
  expect(measured.length).toBeGreaterThan(0)
  expect(measured).toEqual(await tableRows(whole, 'measurements'))
  expect(complaints).toEqual([])
})

test('a project whose records are damaged says so on the start page, is repaired there, and opens', async () => {
  const project = await copied()
  await truncate(join(project, 'project.assay'), 400)
  const { link } = await serveFolder(dirname(project))
  const { page, complaints } = await openWindow(link)
  await page.getByText(/project\.assay .*damaged.*Verify the project with repair/).waitFor()
  await page.getByRole('button', { name: 'Check the files of languages' }).click()
  const sheet = page.getByRole('dialog', { name: 'Files of languages' })
  await sheet.getByRole('row').filter({ hasText: 'project.assay' }).getByText('put back').waitFor()
  await sheet.getByRole('button', { name: 'Repair …' }).click()
  await sheet.getByLabel('changed by hand on purpose').waitFor()
  await sheet.getByRole('button', { name: 'Repair now' }).click()
  await sheet.getByText('lies in damaged/1').waitFor()
  await sheet.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Open languages', exact: true }).click()
  await page.locator('[data-mixture]').first().waitFor()
  expect(complaints).toEqual([])
})
