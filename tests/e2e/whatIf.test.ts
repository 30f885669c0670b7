import { expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility'
import { newProject, openWindow, show, tableRows } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'

test('sliders are answered by the ensemble at once, by the merge in the end, with the exported numbers', async () => {
  const project = await newProject()
  await assayDone(['run', project])
  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  await page.locator('[data-mixture]').first().waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('w')
  await page.getByRole('heading', { name: 'What if I mixed them so?' }).waitFor()
  const slider = (name: string) => page.getByRole('slider', { name })
  const shares = () =>
    page.locator('output').evaluateAll((outputs) => outputs.map((one) => one.textContent))
  const cell = (domain: string, column: number) =>
    page
      .getByRole('region', { name: 'What it is worth' })
      .getByRole('row', { name: new RegExp(`^${domain} `) })
      .locator('td')
      .nth(column)
  await cell('law', 2).waitFor()
  expect(await shares()).toEqual(['33.3 %', '33.3 %', '33.3 %'])

  // All alike it is the study's own mixture of all: the same digits as exported.
  const rows = await tableRows(project, 'measurements')
  const of = (model: string, domain: string) =>
    String(rows.find((row) => row['model'] === model && row['domain'] === domain)!['perplexity'])
  await expect
    .poll(() => cell('law', 5).getAttribute('title'))
    .toBe(of('ensemble code+law+mail', 'law'))

  // By keyboard: nothing but law; the others are locked out or give what they have.
  await page.getByRole('button', { name: 'Pin these' }).click()
  await page.getByRole('button', { name: 'Lock mail' }).click()
  await slider('law').focus()
  for (let step = 0; step < 10; step++) await page.keyboard.press('ArrowRight')
  await expect.poll(shares).toEqual(['23.7 %', '43.0 %', '33.3 %'])
  await page.getByRole('button', { name: 'Lock mail' }).click()
  await page.keyboard.press('Tab')
  await slider('law').focus()
  await page.keyboard.press('End')
  await expect.poll(shares).toEqual(['0.0 %', '100.0 %', '0.0 %'])
  await expect.poll(() => cell('law', 5).getAttribute('title')).toBe(of('branch law#1', 'law'))
  // One branch alone is its own merge.
  const ensemble = await cell('law', 2).innerText()
  await expect.poll(() => cell('law', 3).innerText(), { timeout: 20_000 }).toBe(ensemble)
  expect(await cell('law', 4).innerText()).not.toBe(ensemble)

  // In the triangle the point gives and takes: by keys, and by the pointer.
  const triangle = page.getByLabel('Of these three')
  await triangle.focus()
  await page.keyboard.press('Shift+ArrowUp')
  await expect.poll(shares).toEqual(['10.0 %', '90.0 %', '0.0 %'])
  await page.keyboard.press('ArrowRight')
  await expect.poll(shares).toEqual(['9.9 %', '89.1 %', '1.0 %'])
  await page.getByText('7 measured mixtures').waitFor()
  const box = (await triangle.boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2, box.y + 1, { steps: 4 })
  await page.mouse.up()
  await expect.poll(shares).toEqual(['100.0 %', '0.0 %', '0.0 %'])
  await expect.poll(() => cell('law', 5).getAttribute('title')).toBe(of('branch code#1', 'law'))
  await page.getByRole('button', { name: 'law', exact: true }).click()
  await expectAccessible(page, 'What-if')
  await show(page, 'Mixtures')
  await page.locator('[data-mixture="law"][aria-selected="true"]').waitFor()
  expect(complaints).toEqual([])
})
