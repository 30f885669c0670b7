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

test('items of a task are recognised, and imported by the fields that are chosen', async () => {
  const { link } = await serveFolder(await temporaryFolder())
  const { page, complaints } = await openWindow(link)
  await page.getByLabel('New project').fill('quiz')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What have I got?' }).waitFor()
  const path = join(await temporaryFolder(), 'arc.jsonl')
  const items = [
    { question: 'What is a whale?', choices: ['a mammal', 'a fish'], answer: 0, other: 1 },
    { question: 'What is a shark?', choices: ['a mammal', 'a fish'], answer: 1, other: 0 }
  ]
  await writeFile(path, items.map((item) => JSON.stringify(item) + '\n').join(''))
  await dropFiles(page, [path])

  const sheet = page.getByRole('dialog', { name: 'Import text' })
  await sheet.getByText('What is a shark? a fish').waitFor()
  expect(await sheet.getByLabel('used as').inputValue()).toBe('evaluation')
  expect(await sheet.getByLabel('context is in').inputValue()).toBe('question')
  expect(await sheet.getByLabel('answers are in').inputValue()).toBe('choices')
  expect(await sheet.getByLabel('text is in', { exact: true }).count()).toBe(0)
  await sheet.getByLabel('right one is in').selectOption('question')
  await sheet.getByText('None of the documents looked at is an item by these fields').waitFor()
  const button = sheet.getByRole('button', { name: 'Import', exact: true })
  expect(await button.isDisabled()).toBe(true)
  await sheet.getByLabel('right one is in').selectOption('other')
  await sheet.getByText('What is a shark? a mammal').waitFor()
  await sheet.getByLabel('right one is in').selectOption('answer')
  await sheet.getByText('What is a shark? a fish').waitFor()
  await button.click()
  await sheet.getByText('Imported arc: 2 documents').waitFor()
  expect(complaints).toEqual([])
})
