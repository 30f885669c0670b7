import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dropFiles, openWindow } from '../support/browserWindow'
import { serveFolder } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

test('a preview says what an import would stop at, leaves nothing to guess, and keeps the year', async () => {
  const { link } = await serveFolder(await temporaryFolder())
  const { page, complaints } = await openWindow(link)
  await page.getByLabel('New project').fill('faults')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What have I got?' }).waitFor()
  const path = join(await temporaryFolder(), 'notes.jsonl')
  const lines = [
    { text: 'a first note of some length', title: ' ', year: 1999 },
    { text: '  ', title: ' ', year: 2001 },
    { text: 'a second note of some length', title: ' ', year: 2002 }
  ].map((line) => JSON.stringify(line))
  await writeFile(path, [...lines, '{ not json', ''].join('\n'))
  await dropFiles(page, [path])

  const sheet = page.getByRole('dialog', { name: 'Import text' })
  await sheet.getByText('1 record cannot be read and would end the import').waitFor()
  await sheet.getByText('1 of 3 documents has no text and would be left out.').waitFor()
  expect(await sheet.getByRole('checkbox', { name: 'Keep year' }).isChecked()).toBe(true)
  expect(await sheet.getByRole('checkbox', { name: 'Keep title' }).isChecked()).toBe(false)

  const button = sheet.getByRole('button', { name: 'Import', exact: true })
  await sheet.getByLabel('text is in').selectOption('title')
  await sheet.getByText('None of the documents looked at has text in “title”').waitFor()
  expect(await button.isDisabled()).toBe(true)
  await sheet.getByLabel('text is in').selectOption('text')
  await sheet.getByRole('checkbox', { name: /leave out lines/ }).check()
  await sheet.getByText('1 record cannot be read and would be left out').waitFor()
  await button.click()
  await sheet.getByText('Imported notes: 2 documents').waitFor()
  await sheet.getByText('1 document without text left out.').waitFor()
  await sheet.getByText('1 record that could not be read left out.').waitFor()
  expect(complaints).toEqual([])
})
