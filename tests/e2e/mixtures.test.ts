import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StudyDraft } from '#shared/records'
import { expectAccessible } from '../support/accessibility'
import { matrixCell, newProject, openWindow, show, tableRows } from '../support/browserWindow'
import { tinyStudy } from '../support/builtEngine'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

async function giveStudy(project: string, change: Partial<StudyDraft>): Promise<void> {
  const file = join(await temporaryFolder(), 'study.json')
  const unit = { sequences: 60, maximum: 1, tooSmall: 'short' as const }
  const sequential = { choose: { kind: 'none' as const } }
  await writeFile(file, JSON.stringify(tinyStudy({ unit, sequential, ...change })))
  await assayDone(['study', project, '--from', file])
}

test('mixtures are selected, trained for real and exported; one is built and kept', async () => {
  const project = await newProject()
  await giveStudy(project, {})
  await assayDone(['run', project])
  // The same branches in another folder, measured there by a study that lists the mixture.
  const listing = join(await temporaryFolder(), 'listing')
  await cp(project, listing, { recursive: true })
  await giveStudy(listing, { mixtures: { choose: { kind: 'list', list: [{ code: 3, mail: 1 }] } } })
  await assayDone(['run', listing])

  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  const grid = page.getByRole('grid', { name: 'Mixtures' })
  await grid.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Shift+ArrowUp')
  await page.getByText('2 selected').waitFor()
  expect(await page.locator('[data-mixture][aria-selected="true"]').count()).toBe(2)
  await page.getByRole('button', { name: 'Train sequentially (2)' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('2 mixtures to be trained for real').waitFor()
  const trained = page.locator('[data-mixture] [aria-label="trained"]')
  await expect.poll(() => trained.count(), { timeout: 60_000 }).toBe(2)
  await show(page, 'Evidence')
  const dots = page.locator('path.dot[data-mixture="law+mail"]')
  await expect.poll(() => dots.count(), { timeout: 20_000 }).toBeGreaterThan(0)

  await show(page, 'Mixtures')
  await page.getByRole('button', { name: 'code in the mixture that is built' }).click()
  await page.getByRole('button', { name: 'mail in the mixture that is built' }).click()
  await page.getByLabel('Weight of code', { exact: true }).fill('3')
  await page.getByLabel('Weight of code', { exact: true }).blur()
  const built = 'code*0.75+mail*0.25'
  await page.getByText(`${built} is not in the study yet.`).waitFor()
  await page.getByLabel('shown as').selectOption('value')
  const measured = (await tableRows(listing, 'measurements')).find(
    (row) => row['model'] === `merge-micro ${built}` && row['domain'] === 'law'
  )!
  const words = `${built} on law: ${String(measured['perplexity'])} perplexity`
  const column = await (await matrixCell(page, 'code', 'law')).getAttribute('data-column')
  await page.locator(`[data-built="${column}"]`).hover()
  await page.getByText(words).waitFor()
  await page.getByRole('button', { name: 'Add to the study' }).click()
  await page.locator(`[data-mixture="${built}"]`).waitFor()
  await page.getByText(`Picked: ${built}`).waitFor()

  await page.getByRole('button', { name: 'Copy as CSV' }).click()
  await page.getByText('as CSV.').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied.split('\n')[1]).toContain(`,${String(measured['perplexity'])}`)
  await page.getByRole('button', { name: 'Export the merged model' }).click()
  await page.getByText('Written into the project’s folder: exports/small/').waitFor()

  await grid.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('p')
  await page.keyboard.press('Shift+ArrowDown')
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByRole('complementary', { name: 'Comparison' }).waitFor()
  await page.getByLabel('target').first().selectOption('all')
  await expectAccessible(page, 'Mixtures')
  expect(complaints).toEqual([])
})
