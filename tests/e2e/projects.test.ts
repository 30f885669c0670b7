import AxeBuilder from '@axe-core/playwright'
import { expect, test } from 'vitest'
import { openWindow } from '../support/browserWindow'
import { serveFolder } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

test('projects are made, left and opened on the start page; a reloaded page comes back', async () => {
  const { link } = await serveFolder(await temporaryFolder())
  const { page, complaints } = await openWindow(link)
  await page.getByText('None yet.').waitFor()
  await page.getByLabel('New project').fill('languages')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What is each mixture worth?' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'What is each mixture worth?' }).waitFor()
  await page.getByRole('button', { name: 'Close project' }).click()
  await page.getByText('1 study').waitFor()
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
  await page.getByLabel('New project').fill('../elsewhere')
  await page.keyboard.press('Enter')
  await page.getByText('cannot be the name of a project').waitFor()
  await page.getByRole('button', { name: 'Open languages to look only' }).click()
  await page.getByText('read-only').waitFor()
  expect(complaints).toEqual([])
})
