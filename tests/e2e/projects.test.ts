import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility'
import {
  copyBy,
  dropFiles,
  matrixCell,
  newProject,
  openWindow,
  show,
  tableRows
} from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { serveFolder } from '../support/servedProject'
import { SHELLS, openShell } from '../support/shells'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

test('projects are made, left and opened on the start page; a reloaded page comes back', async () => {
  const { link } = await serveFolder(await temporaryFolder())
  const { page, complaints } = await openWindow(link)
  await page.getByText('None yet.').waitFor()
  await page.getByLabel('New project').fill('languages')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What have I got?' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'What have I got?' }).waitFor()
  await page.getByRole('button', { name: 'Close project' }).click()
  await page.getByText('1 study').waitFor()
  await expectAccessible(page, 'the start page')
  await page.getByLabel('New project').fill('../elsewhere')
  await page.keyboard.press('Enter')
  await page.getByText('cannot be the name of a project').waitFor()
  await page.getByRole('button', { name: 'Open languages to look only' }).click()
  await page.getByText('read-only').waitFor()
  expect(complaints).toEqual([])
})

test('listed projects show how far they are; arrows and Enter open one, and it is said which', async () => {
  const project = await newProject()
  await assayDone(['run', project])
  const folder = dirname(project)
  await assayDone(['new', join(folder, 'empty')])
  const { link } = await serveFolder(folder)
  const { page, complaints } = await openWindow(link)
  const picture = page.getByRole('img', {
    name: /^languages, study small: 7 mixtures on 4 domains/
  })
  await picture.waitFor()
  expect(await picture.locator('path').count()).toBeGreaterThan(2)
  await page.getByText('no text yet').waitFor()
  await expectAccessible(page, 'Start')

  // What is said while it opens may be gone before a test looks.
  await page.evaluate(() => {
    const said: string[] = []
    Object.assign(window, { said })
    new MutationObserver(() => {
      said.push(document.querySelector('main [role="status"]')?.textContent ?? '')
    }).observe(document.body, { childList: true, subtree: true, characterData: true })
  })
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  const open = page.getByRole('button', { name: 'Open languages', exact: true })
  expect(await open.evaluate((button) => button === document.activeElement)).toBe(true)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await page.locator('[data-mixture]').first().waitFor()
  const said = await page.evaluate(() => (window as unknown as { said: string[] }).said)
  expect(said).toContain('Opening languages …')

  await page.getByRole('button', { name: 'Close project' }).click()
  await page.getByRole('button', { name: 'Open empty', exact: true }).click()
  await page.getByRole('heading', { name: 'What have I got?' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Command' }).fill('log of what')
  await page.keyboard.press('Enter')
  const log = page.getByRole('dialog', { name: 'Log' })
  await log.getByText('languages').waitFor()
  await log.getByText('empty').waitFor()
  const copied = await copyBy(page, log.getByRole('button', { name: 'Copy 2 lines as CSV' }))
  expect(copied.split('\r\n').map((line) => line.split(',').slice(1).join())).toEqual([
    'level,project,text,details',
    'info,languages,Opened,',
    'info,empty,Opened,',
    ''
  ])
  expect(complaints).toEqual([])
})

test.each(SHELLS)(
  'a whole study without a terminal, in the %s: drop, partition, edit, run, read, undo',
  async (name) => {
    const shell = await openShell(name)
    const { page } = shell
    await page.getByLabel('New project', { exact: true }).fill('languages')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'What have I got?' }).waitFor()

    const texts = await temporaryFolder()
    await dropFiles(page, [await writeCorpus(join(texts, 'wiki.jsonl'), { seed: 120 })])
    const sheet = page.getByRole('dialog', { name: 'Import text' })
    await sheet.getByLabel('used as').selectOption('seed')
    await sheet.getByLabel('name').fill('seed')
    await sheet.getByRole('button', { name: 'Import', exact: true }).click()
    await sheet.getByText('Imported seed: 120 documents').waitFor()
    await sheet.getByRole('button', { name: 'Done' }).click()

    await dropFiles(page, [await writeCorpus(join(texts, 'parts.jsonl'), { law: 60, code: 60 })])
    await sheet.getByRole('combobox', { name: 'are', exact: true }).selectOption('field')
    await sheet.getByRole('combobox', { name: 'field', exact: true }).selectOption('part')
    await sheet.getByRole('cell', { name: 'law', exact: true }).waitFor()
    await sheet.getByRole('button', { name: 'Import', exact: true }).click()
    await sheet.getByText('Imported parts: 120 documents').waitFor()
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })

    await page.keyboard.press('Control+e')
    const study = page.getByRole('dialog', { name: 'Study' })
    await study.getByLabel('vocabulary').fill('320')
    await study.getByLabel('context').fill('16')
    await study.getByLabel('base unit, sequences').fill('60')
    await study.getByLabel('held out of each partition').fill('0.2')
    await study.getByLabel('seed budget').fill('3200')
    await study.getByRole('button', { name: 'Save the study' }).click()
    await study.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo changing the study languages' }).waitFor()
    await page.keyboard.press('Control+z')
    await page.getByRole('button', { name: 'Redo changing the study languages' }).waitFor()
    await page.keyboard.press('Control+e')
    expect(await study.getByLabel('vocabulary').inputValue()).toBe('2048')
    await page.keyboard.press('Escape')
    await study.waitFor({ state: 'detached' })
    await page.keyboard.press('Control+Shift+Z')
    await page.getByRole('button', { name: 'Undo changing the study languages' }).waitFor()

    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Command' }).fill('run study')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await show(page, 'Training')
    await page.getByRole('slider', { name: /Last training loss/ }).waitFor()
    await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 90_000 })
    await show(page, 'Evidence')
    await page.locator('path.dot').first().waitFor()

    // What a cell says is what is exported.
    const pairs = await tableRows(join(shell.projects, 'languages'), 'pairs')
    const pair = pairs.find((row) => row['proxy'] === 'merge-micro' && row['domain'] === 'law')!
    await show(page, 'Mixtures')
    await page.getByLabel('shown as').selectOption('value')
    const mixture = String(pair['mixture'])
    await (await matrixCell(page, mixture, 'law')).hover()
    const words = `${mixture} on law: ${String(pair['proxy_perplexity'])} perplexity`
    await page.getByText(words).waitFor()
    await page.getByRole('button', { name: 'Close project' }).click()
    await page.getByText('2 partitions').waitFor()
    await shell.quitClean()
  },
  180_000
)

test('a folder is dropped, an import is refused with words, and the sheet lets go', async () => {
  const { link } = await serveFolder(await temporaryFolder())
  const { page } = await openWindow(link)
  await page.getByLabel('New project').fill('folders')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What have I got?' }).waitFor()
  const texts = join(await temporaryFolder(), 'texts')
  for (const part of ['law', 'mail']) {
    await mkdir(join(texts, part), { recursive: true })
    await writeCorpus(join(texts, part, 'all.jsonl'), { [part]: 20 })
  }
  await dropFiles(page, [texts])
  const sheet = page.getByRole('dialog', { name: 'Import text' })
  await sheet.getByRole('cell', { name: 'mail', exact: true }).waitFor()
  await sheet.getByLabel('name').fill('with * and #')
  await sheet.getByRole('button', { name: 'Import', exact: true }).click()
  await sheet.getByRole('alert').waitFor()
  await sheet.getByLabel('name').fill('texts')
  await sheet.getByRole('button', { name: 'Import', exact: true }).click()
  await sheet.getByText('Imported texts: 40 documents').waitFor()
})

test('the demo is made and opened from the start page', async () => {
  const folder = await temporaryFolder()
  const { link } = await serveFolder(folder)
  const { page } = await openWindow(link)
  await page.getByRole('button', { name: 'Open the demo' }).click()
  await page.getByText(/Making the demo: /).waitFor()
  await page.getByText('assay-demo', { exact: true }).waitFor({ timeout: 240_000 })
  await show(page, 'Catalogue')
  await page.getByRole('gridcell', { name: 'languages', exact: true }).first().waitFor()
}, 300_000)
