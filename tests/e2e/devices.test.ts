import { expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility'
import { newProject, openWindow, show } from '../support/browserWindow'
import { breakDevices } from '../support/deviceWorkers'
import { serveProject } from '../support/servedProject'

const environment = { ASSAY_PRETENDED_DEVICES: '2' }

test('devices are listed with what runs on them; one that fails is set aside and taken back', async () => {
  const { link, child } = await serveProject(await newProject(), [], environment)
  const { page, complaints } = await openWindow(link)
  await show(page, 'Training')
  await page.getByText('pretended 1').waitFor()

  await page.getByRole('button', { name: 'Devices', exact: true }).click()
  const sheet = page.getByRole('dialog', { name: 'Devices' })
  const table = sheet.getByRole('table', { name: 'What runs are placed on' })
  const row = (device: string) => table.getByRole('row').filter({ hasText: device })
  await row('pretended 0').getByText('free').waitFor()
  await row('pretended 1').getByText('free').waitFor()
  await sheet.getByRole('cell', { name: 'tensorflow' }).waitFor()
  await expectAccessible(page, 'Devices')
  await page.keyboard.press('Escape')

  const mend = breakDevices(['pretended 0'], child.pid)
  await page.getByRole('button', { name: 'Run study' }).click()
  await page.getByRole('button', { name: 'Devices', exact: true }).click()
  await row('pretended 0').getByText('set aside: 2 jobs in a row').waitFor({ timeout: 60_000 })
  await row('pretended 0').getByText('pretended 0: it ended with SIGKILL').waitFor()
  await expectAccessible(page, 'Devices')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 60_000 })
  mend()
  await page.getByRole('button', { name: 'Log', exact: true }).click()
  const log = page.getByRole('dialog', { name: 'Log' })
  await log.getByText('pretended 0 is set aside: 2 jobs in a row').waitFor()
  await log.getByText('on pretended 1').first().waitFor()
  await page.keyboard.press('Escape')

  // Whoever measures again has looked after it.
  await page.getByRole('button', { name: 'Devices', exact: true }).click()
  await sheet.getByRole('button', { name: 'Measure again' }).click()
  await row('pretended 0').getByText('free').waitFor({ timeout: 60_000 })
  expect(complaints).toEqual([])
}, 180_000)
