import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StudyDraft } from '#shared/records'
import { expectAccessible } from '../support/accessibility'
import { newProject } from '../support/browserWindow'
import { assayError } from '../support/commandLine'
import { canChoose, chooseMenu, launchDesktop, quit } from '../support/electronApp'

/** What would run, close the table, click, or hide wherever a line is taken for anything but text. */
const HOSTILE = [
  '<img src=x onerror=owned=1><button autofocus onfocus=this.click()>Confirm</button>',
  "</code></td></table><script>owned=1;document.querySelector('button.main').click()</script>",
  `true ${' '.repeat(4000)} touch /tmp/far-away`,
  'echo \u202Efdp.exe \u200B\u3164\u001B[2K',
  'b\u0430sh'
]

test('commands that a project came with are read to the end and confirmed by a click in the window of this machine', async () => {
  const setup = [
    ...HOSTILE,
    ...Array.from({ length: 60 }, (_, i) => `export A${i}=${i}`),
    'the last'
  ]
  const change = { trainer: { command: '/bin/false {out}', setup } } as Partial<StudyDraft>
  const project = await newProject(60, change)
  const { app, page, home } = await launchDesktop({ args: [project] })
  const alert = page.getByRole('alert')
  await page.getByRole('button', { name: 'Run study' }).click()
  await alert.getByText('/bin/false {out}').waitFor()
  expect(await alert.innerText()).not.toContain('--trust-commands')
  await alert.getByRole('button', { name: 'Read and confirm …' }).click()

  const sheet = page.getByRole('dialog', { name: 'Commands of small' })
  const lines = sheet.getByRole('region', { name: 'Lines that are run' })
  const rows = lines.locator('tbody tr')
  await rows.first().waitFor()
  // Every line is there in full, one row each, as text and nothing but text.
  expect(await rows.count()).toBe(setup.length + 1)
  const shown = await lines.locator('code').allInnerTexts()
  expect(shown[0]).toBe('/bin/false {out}')
  expect(shown.slice(1, 4)).toEqual(HOSTILE.slice(0, 3))
  expect(shown[4]).toBe('echo U+202Efdp.exe U+200BU+3164U+001B[2K')
  expect(await lines.locator('mark.hidden').count()).toBe(4)
  expect(await lines.locator('mark.other').allInnerTexts()).toEqual(['\u0430'])
  expect(await sheet.locator('img, script, [onerror], button.main').count()).toBe(1)
  expect(await page.evaluate(() => (globalThis as { owned?: unknown }).owned)).toBe(undefined)
  // Nothing runs out of sight to the side: what is below is reached by scrolling.
  const overflow = await lines.evaluate((one) => [
    one.scrollWidth <= one.clientWidth,
    one.scrollHeight > one.clientHeight
  ])
  expect(overflow).toEqual([true, true])

  const confirm = sheet.getByRole('button', { name: 'Confirm', exact: true })
  await sheet.getByText('Scroll to the last line first.').waitFor()
  expect(await confirm.isDisabled()).toBe(true)
  // Neither does it have the focus, nor is it there for a key that is pressed too early.
  expect(await confirm.evaluate((one) => one === document.activeElement)).toBe(false)
  await expectAccessible(page, 'commands to be confirmed')
  await lines.focus()
  await page.keyboard.press('End')
  await sheet.getByText('for this project in this place').waitFor()
  const kept = join(home, '.config', 'assay', 'confirmed-commands.json')
  await expect(readFile(kept, 'utf8')).rejects.toThrow()
  await confirm.click()
  await sheet.getByText('the study may run these lines').waitFor()
  await expectAccessible(page, 'commands that are confirmed')
  const { confirmed } = JSON.parse(await readFile(kept, 'utf8')) as {
    confirmed: { project: string; commands: string[] }[]
  }
  expect(confirmed).toHaveLength(1)
  expect(confirmed[0]!.commands.at(-1)).toBe('trainer, setup: the last')
  expect(await alert.count()).toBe(0)
  await sheet.getByRole('button', { name: 'Done' }).click()

  // The menu has it too, and what was confirmed stays so.
  expect(await canChoose(app, 'commands')).toBe(true)
  await chooseMenu(app, 'commands')
  await sheet.getByRole('button', { name: 'Run the study' }).waitFor()
  await sheet.getByRole('button', { name: 'Withdraw' }).click()
  await sheet.getByText('nobody confirmed them on this machine').waitFor()
  expect(JSON.parse(await readFile(kept, 'utf8'))).toMatchObject({ confirmed: [] })
  await lines.focus()
  await page.keyboard.press('End')
  await confirm.click()
  await sheet.getByText('the study may run these lines').waitFor()
  await page.keyboard.press('Escape')
  await quit(app)
  // For another user of the machine it is not.
  expect(await assayError(['run', project])).toMatchObject({ code: 'study/unconfirmed' })
}, 120_000)
