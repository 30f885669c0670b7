import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { newProject } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import {
  answerDialogs,
  chooseMenu,
  dialogsSaid,
  launchDesktop,
  quit,
  windowCount
} from '../support/electronApp'
import { temporaryFolder } from '../support/temporaryFolder'

test('the desktop prints the report as PDF where it is told to, and nowhere when nobody says where', async () => {
  const project = await newProject(60, { sequential: { choose: { kind: 'random', count: 1 } } })
  await assayDone(['run', project])
  const folder = await temporaryFolder()
  const file = join(folder, 'report.pdf')
  const { app, page } = await launchDesktop()
  await answerDialogs(app, { filePath: project })
  await chooseMenu(app, 'open')
  await page.locator('[data-mixture]').first().waitFor()

  await answerDialogs(app, { filePath: '' })
  await chooseMenu(app, 'print-report')
  await expect.poll(() => dialogsSaid(app), { timeout: 60_000 }).toEqual(['Save the report as PDF'])
  await answerDialogs(app, { filePath: file })
  await chooseMenu(app, 'print-report')
  const problems = () => page.getByRole('alert').allInnerTexts()
  await vi.waitFor(async () => expect([existsSync(file), await problems()]).toEqual([true, []]), {
    timeout: 60_000,
    interval: 200
  })
  const pdf = (await readFile(file)).toString('latin1')
  expect(pdf.startsWith('%PDF-')).toBe(true)
  // All sections on paper: more than a page, with the report's own type in it.
  expect(pdf.match(/\/Type\s*\/Page\b/g)!.length).toBeGreaterThan(2)
  expect(await readdir(folder)).toEqual(['report.pdf'])
  await expect.poll(() => windowCount(app)).toBe(1)
  await answerDialogs(app, { response: 1 })
  await quit(app)
}, 180_000)
