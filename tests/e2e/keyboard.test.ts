import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TABLES, fromCsv } from '#engine/studies/tables'
import { tableRows } from '../support/browserWindow'
import { chooseTyping, pressKey, tabTo, typeOver } from '../support/byKeyboard'
import { holdWorkers } from '../support/heldWorkers'
import { openShell } from '../support/shells'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

test('by keyboard alone: a whole study, from the first text to the evidence', async () => {
  const shell = await openShell('browser')
  const { page } = shell
  const button = (words: string | RegExp) => page.getByRole('button', { name: words, exact: true })
  const list = (words: string) => page.getByRole('combobox', { name: words, exact: true })
  const texts = await temporaryFolder()
  // Listened to all along: who begins to listen just before the keys may be too late for them.
  let wanted = ''
  page.on('filechooser', (chooser) => void chooser.setFiles(wanted))

  await typeOver(page, page.getByLabel('New project', { exact: true }), 'languages')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What have I got?' }).waitFor()

  // Import: the system's choice of files is answered, all else is keys.
  const importSheet = page.getByRole('dialog', { name: 'Import text' })
  const chooseFile = async (corpus: string, counts: Record<string, number>) => {
    wanted = await writeCorpus(join(texts, `${corpus}.jsonl`), counts)
    await page.keyboard.press('Control+i')
    await importSheet.waitFor()
  }
  await chooseFile('first', { seed: 120 })
  await chooseTyping(page, list('used as'), 'text that')
  await typeOver(page, importSheet.getByLabel('name'), 'seed')
  await pressKey(page, button('Import'))
  await importSheet.getByText('Imported seed: 120 documents').waitFor()
  await pressKey(page, button('Done'), 'Enter')
  await chooseFile('parts', { law: 60, code: 60, mail: 60 })
  await chooseTyping(page, list('are'), 'one per value')
  await chooseTyping(page, list('field'), 'part')
  await importSheet.getByRole('cell', { name: 'mail', exact: true }).waitFor()
  await typeOver(page, importSheet.getByLabel('name'), 'texts')
  await pressKey(page, button('Import'), 'Enter')
  await importSheet.getByText('Imported texts: 180 documents').waitFor()
  await page.keyboard.press('Escape')

  // The study: fields, saved, undone and done again.
  await page.keyboard.press('Control+e')
  const study = page.getByRole('dialog', { name: 'Study' })
  await typeOver(page, study.getByLabel('base unit, sequences'), '500')
  await typeOver(page, study.getByLabel('held out of each partition'), '0.2')
  await chooseTyping(page, list('a partition below one unit'), 'is one')
  await typeOver(page, study.getByLabel('context'), '16')
  await typeOver(page, study.getByLabel('vocabulary'), '320')
  await typeOver(page, study.getByLabel('seed budget'), '3200')
  await chooseTyping(page, list('trained as well'), 'none')
  await pressKey(page, button('Save the study'))
  await study.waitFor({ state: 'detached' })
  await button('Undo changing the study languages').waitFor()
  await page.keyboard.press('Control+z')
  await button('Redo changing the study languages').waitFor()
  await page.keyboard.press('Control+Shift+Z')
  await button('Undo changing the study languages').waitFor()

  // Run, stopped and gone on with.
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('gridcell', { name: 'training', exact: true }).first().waitFor()
  // Its workers stand still while Tab goes to the button: some runs must not have begun.
  const goOn = await holdWorkers(await shell.enginePid())
  await pressKey(page, button('Stop'))
  goOn()
  await button('Run study').waitFor({ timeout: 30_000 })
  // A window opened anew shows the same state.
  await page.reload()
  await page.getByRole('heading', { name: 'How is it going?' }).waitFor()
  await page.getByRole('gridcell', { name: 'waiting', exact: true }).first().waitFor()
  await pressKey(page, button('Run study'))
  await button('Stop').waitFor()
  await button('Run study').waitFor({ timeout: 90_000 })
  const states = page.locator('tr[data-state] .state')
  const shownStates = async () => (await states.allInnerTexts()).map((text) => text.trim())
  await expect.poll(shownStates).toEqual(Array(4).fill('done'))

  // The matrix: two rows are selected and trained for real, one is built and kept.
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await tabTo(page, page.getByRole('grid', { name: 'Mixtures' }))
  await page.keyboard.press('End')
  await page.keyboard.press('Shift+ArrowUp')
  await page.getByText('2 selected').waitFor()
  await pressKey(page, button('Train sequentially (2)'), 'Enter')
  const trained = page.locator('[data-mixture] [aria-label="trained"]')
  await expect.poll(() => trained.count(), { timeout: 60_000 }).toBe(2)
  await button('Run study').waitFor({ timeout: 30_000 })
  await pressKey(page, button('code in the mixture that is built'))
  await pressKey(page, button('mail in the mixture that is built'))
  await typeOver(page, page.getByLabel('Weight of code', { exact: true }), '3')
  const built = 'code*0.75+mail*0.25'
  await page.getByText(`${built} is not in the study yet.`).waitFor()
  await pressKey(page, button('Add to the study'))
  await page.getByText(`Picked: ${built}`).waitFor()
  await pressKey(page, button('Copy as CSV'))
  await page.getByText('as CSV.').waitFor()
  await expect.poll(async () => (await shell.copied()).split('\n')[1]).toContain(built)

  // The evidence: another proxy and scale, a dot is picked, and the table is what is exported.
  await page.keyboard.press('g')
  await page.keyboard.press('e')
  await chooseTyping(page, list('proxy'), 'branch-mean')
  await chooseTyping(page, list('axes'), 'linear')
  await pressKey(page, page.getByRole('checkbox', { name: 'merge-micro' }))
  await pressKey(page, page.getByRole('checkbox', { name: 'same scale on both' }))
  expect(await page.locator('[id="panel-law"] path.dot').count()).toBe(4)
  await tabTo(page, page.locator('[id="panel-law"] .plot'))
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  const picked = page.locator('[id="panel-law"] path.dot.picked').first()
  await page.getByText(`Picked: ${await picked.getAttribute('data-mixture')}`).waitFor()
  await pressKey(page, button('Copy pairs as CSV'))
  await page.getByText('Copied').waitFor()
  const { columns } = TABLES.find((table) => table.name === 'pairs')!
  const rows = await tableRows(join(shell.projects, 'languages'), 'pairs')
  expect(fromCsv(columns, await shell.copied())).toEqual(rows)

  await page.keyboard.press('Control+k')
  await page.keyboard.type('close the project')
  await page.keyboard.press('Enter')
  await page.getByText('3 partitions · 1 study').waitFor()
  await shell.quitClean()
}, 240_000)
