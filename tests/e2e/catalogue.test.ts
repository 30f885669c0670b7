import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility'
import { openWindow, show, tableRows } from '../support/browserWindow'
import { tinyStudy } from '../support/builtEngine'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'
import { tinyDocuments, writeCorpus } from '../support/tinyCorpus'

const PLANTED = 'The planted Zwölfkämpfer 😀 clause.'

const laws = tinyDocuments('law', 150)
let folder = ''
let project = ''

// Law with years and planted words, code, and seed text; prepared, nothing trained.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'))
  project = join(folder, 'languages')
  const study = join(folder, 'study.json')
  await writeFile(study, JSON.stringify(tinyStudy({ unit: { sequences: 100 } })))
  await assayDone(['new', project, '--from', study])
  laws[140] = `${PLANTED}\n${laws[140]}\nanother zwölfkämpfer`
  const lines = laws.map((text, index) =>
    JSON.stringify({ text, part: 'law', year: 1990 + (index % 12) })
  )
  const path = join(folder, 'laws.jsonl')
  await writeFile(path, lines.join('\n') + '\n')
  const seed = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 120 })
  const code = await writeCorpus(join(folder, 'code.jsonl'), { code: 60 })
  await assayDone(['import', project, seed, '--as', 'seed', '--name', 'seed'])
  await assayDone(['import', project, path, '--partition', 'part', '--keep', 'year'])
  await assayDone(['import', project, code, '--partition', 'part'])
  await assayDone(['plan', project])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const documents = (page: Page) => page.getByRole('group', { name: 'Documents' })
const lines = (page: Page) => documents(page).locator('tbody tr[aria-rowindex]')

test('the ledger adds up, tables are copied, and no rule of accessibility is broken', async () => {
  const { link } = await serveProject(project, ['--read-only'])
  const { page } = await openWindow(link)
  await show(page, 'Catalogue')
  await lines(page).first().click()
  await page.getByLabel('show tokens').check()
  await page.getByText('Point at a token').waitFor()
  await expectAccessible(page, 'Documents')
  for (const tab of ['Token ledger', 'Overlap', 'Held-out domains']) {
    await page.getByRole('tab', { name: tab }).click()
    await expectAccessible(page, tab)
  }
  await page.getByRole('tab', { name: 'Token ledger' }).click()
  await page.getByRole('button', { name: 'Copy this ledger as CSV' }).click()
  await page.getByText('Copied').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  const [, ...rows] = copied.trim().split('\r\n')
  const ledger = rows.map((row) => row.split(','))
  const exported = await tableRows(project, 'partitions')
  for (const partition of exported) {
    const [, , imported, ...parts] = ledger.find(([name]) => name === partition['partition'])!
    expect(parts.reduce((sum, part) => sum + Number(part), 0)).toBe(Number(imported))
    const [units, leftOver, heldOut] = parts.map(Number)
    expect(units! + leftOver!).toBe(partition['tokens'])
    expect([leftOver, heldOut]).toEqual([
      partition['left_over_tokens'],
      partition['held_out_tokens']
    ])
  }
  const index = await readFile(join(project, 'project.assay'), 'utf8')
  expect(JSON.parse(index)).toMatchObject({ studies: [{ unit: { sequences: 100 } }] })
})

test('documents are listed, searched and read; a unit size is tried and saved', async () => {
  const { link, child } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  await show(page, 'Catalogue')
  await page.getByRole('gridcell', { name: 'law', exact: true }).click()
  await page.getByText('150 of 150 documents').waitFor()
  await lines(page).nth(1).getByRole('gridcell').nth(3).getByText(/\d/).waitFor()

  // Only what is in sight exists, and the last line is reached by keyboard.
  expect(await lines(page).count()).toBeLessThan(60)
  await documents(page).focus()
  await page.keyboard.press('End')
  await page.getByText('laws, document 150', { exact: true }).waitFor()
  await page.getByRole('region', { name: 'Text of the document' }).getByText(laws[149]!).waitFor()

  await page.keyboard.press('/')
  await page.keyboard.type('ZWÖLFKÄMPFER')
  await page.getByText('2 matches in 1 document', { exact: true }).waitFor()
  await lines(page).first().click()
  await page.getByText('laws, document 141', { exact: true }).waitFor()
  await page.keyboard.press('Control+f')
  await page.getByText('1 of 2', { exact: true }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('2 of 2', { exact: true }).waitFor()
  expect(await marked(page, ['match'])).toEqual(['Zwölfkämpfer', 'zwölfkämpfer'])
  expect(await marked(page, ['match-now'])).toEqual(['zwölfkämpfer'])

  await page.getByLabel('show tokens').check()
  await page.getByText('Point at a token').waitFor()
  const spans = await marked(page, ['token-odd', 'token-even'])
  expect(spans.join('')).toBe(laws[140])
  expect(spans.length).toBeGreaterThan(20)
  await page.getByRole('region', { name: 'Text of the document' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByText(`“${spans[0]}” is token`).waitFor()
  await page.getByLabel('Find words in these documents').fill('')

  // A bar of the years is the documents of that year.
  await page.getByRole('slider', { name: /Documents per year/ }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByText('13 of 150 documents').waitFor()
  const years = await lines(page).locator('td:nth-child(5)').allInnerTexts()
  expect(new Set(years)).toEqual(new Set(['1990']))
  await page.keyboard.press('Escape')
  await page.getByText('150 of 150 documents').waitFor()

  // Tried, not saved: then saved, and cut so by the command line.
  const unitsOf = async (name: string) => {
    const row = page.getByRole('group', { name: 'Texts of the project' }).locator('tr', {
      has: page.getByRole('gridcell', { name, exact: true })
    })
    return Number(await row.locator('td:nth-child(7)').innerText())
  }
  const before = [await unitsOf('law'), await unitsOf('code')]
  await page.getByRole('slider', { name: 'Unit size' }).focus()
  for (let i = 0; i < 12; i++) await page.keyboard.press('PageDown')
  await page.getByLabel('Sequences in a base unit').fill('40')
  await page.keyboard.press('Enter')
  await page.getByText('40 sequences of 16 = 640 tokens').waitFor()
  await expect.poll(() => unitsOf('code')).toBeGreaterThan(before[1]!)
  const tried = [await unitsOf('law'), await unitsOf('code')]
  await page.getByRole('button', { name: "Save as the study's unit size" }).click()
  await page.getByText('The text is not prepared yet').waitFor()
  expect([await unitsOf('law'), await unitsOf('code')]).toEqual(tried)
  expect(complaints).toEqual([])

  child.kill('SIGINT')
  await new Promise((done) => child.once('exit', done))
  await assayDone(['plan', project])
  const cut = await tableRows(project, 'partitions')
  expect(cut.map((row) => [row['partition'], row['base_units']])).toEqual([
    ['code', tried[1]],
    ['law', tried[0]]
  ])
})

test('a project without text says where text comes from', async () => {
  const empty = join(await temporaryFolder(), 'empty')
  await assayDone(['new', empty])
  const { link } = await serveProject(empty)
  const { page } = await openWindow(link)
  await page
    .getByText('Drop JSONL, Parquet, CSV or text folders anywhere on this page')
    .first()
    .waitFor()
  await page.getByRole('heading', { name: 'There is no text yet' }).waitFor()
  await expectAccessible(page, 'a project without text')
})

/** Texts under some highlights, in the order in which they stand. */
function marked(page: Page, names: string[]): Promise<string[]> {
  return page.evaluate((wanted) => {
    const ranges = wanted.flatMap((name) => [...(CSS.highlights.get(name) ?? [])])
    ranges.sort((a, b) => a.startOffset - b.startOffset)
    return ranges.map((range) =>
      (range.startContainer as Text).data.slice(range.startOffset, range.endOffset)
    )
  }, names)
}
