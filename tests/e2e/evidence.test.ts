import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { TABLES, fromCsv } from '#engine/studies/tables'
import type { Row } from '#engine/studies/tables'
import { expectAccessible } from '../support/accessibility'
import { tinyStudy } from '../support/builtEngine'
import { newProject, openWindow, show, tableRows } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { writeCorpus } from '../support/tinyCorpus'

const PAIRS = TABLES.find(({ name }) => name === 'pairs')!

let folder: string
let project: string
let pairs: Row[]

/** Four partitions, a domain outside, and two studies that differ in how many mixtures they train. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'))
  project = join(folder, 'languages')
  const file = async (name: string, change: Parameters<typeof tinyStudy>[0]) => {
    const path = join(folder, `${name}.json`)
    const unit = { sequences: 40, maximum: 1, tooSmall: 'short' as const }
    await writeFile(path, JSON.stringify({ ...tinyStudy({ unit, ...change }), name }))
    return path
  }
  await assayDone(['new', project, '--from', await file('every', {})])
  const corpus = (name: string, counts: Record<string, number>) =>
    writeCorpus(join(folder, `${name}.jsonl`), counts)
  const seed = await corpus('seed', { seed: 120 })
  await assayDone(['import', project, seed, '--as', 'seed', '--name', 'seed'])
  const parts = await corpus('parts', { law: 60, code: 60, mail: 60, sea: 60 })
  await assayDone(['import', project, parts, '--partition', 'part'])
  const fiction = await corpus('fiction', { fiction: 10 })
  await assayDone(['import', project, fiction, '--as', 'evaluation', '--name', 'fiction'])
  const choose = { kind: 'random' as const, count: 8 }
  const some = await file('some', { sequential: { choose } })
  await assayDone(['study', project, '--from', some])
  await assayDone(['run', project, '--study', 'every'])
  await assayDone(['run', project, '--study', 'some'])
  await assayDone(['export', project, '--out', join(folder, 'tables')])
  const text = await readFile(join(folder, 'tables', 'pairs.csv'), 'utf8')
  pairs = fromCsv(PAIRS.columns, text).filter((row) => row['evidence'] === 'yes')
}, 240_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

async function openEvidence(scheme: 'light' | 'dark' = 'light') {
  const { link } = await serveProject(project, ['--read-only'])
  const window = await openWindow(link, scheme)
  await show(window.page, 'Evidence')
  await window.page.getByRole('heading', { name: 'The headline, proxy by proxy' }).waitFor()
  return window
}

const panelOf = (page: Page, domain: string): Locator => page.locator(`[id="panel-${domain}"]`)

const countOf = (domain: string, proxy: string) =>
  pairs.filter((row) => row['domain'] === domain && row['proxy'] === proxy).length

/** Saves a figure by its menu and gives back the file. */
async function saved(page: Page, figure: Locator, ending: string): Promise<Buffer> {
  await figure.locator('summary').click()
  const download = page.waitForEvent('download')
  await figure.getByRole('button', { name: ending, exact: true }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(new RegExp(`[.]${ending.toLowerCase()}$`))
  return readFile(await file.path())
}

test('dots, overlay and brush: what is drawn is what is exported, what is brushed is selected everywhere', async () => {
  const { page, complaints } = await openEvidence()
  const law = panelOf(page, 'law')
  expect(await law.locator('path.dot').count()).toBe(countOf('law', 'merge-micro'))
  expect(await law.locator('path.fit').count()).toBeGreaterThan(0)
  await law.getByText(/^ρ −?[01]\.\d\d \[/).waitFor()
  await page.getByRole('checkbox', { name: 'branch-mean', exact: true }).check()
  expect(await law.locator('path.dot').count()).toBe(
    countOf('law', 'merge-micro') + countOf('law', 'branch-mean')
  )
  const shapes = await law
    .locator('path.dot')
    .evaluateAll((dots) => dots.map((dot) => dot.getAttribute('d') + getComputedStyle(dot).fill))
  expect(new Set(shapes).size).toBe(2)
  await page.getByRole('checkbox', { name: 'branch-mean', exact: true }).uncheck()

  await law.scrollIntoViewIfNeeded()
  const dots = await law.locator('path.dot').evaluateAll((found) =>
    found.map((dot) => {
      const { x, y, width, height } = dot.getBoundingClientRect()
      const mixture = (dot as SVGElement).dataset['mixture']!
      return { mixture, x: x + width / 2, y: y + height / 2 }
    })
  )
  const middle = dots.map(({ x }) => x).sort((a, b) => a - b)[Math.floor(dots.length / 2)]!
  const wanted = dots.filter(({ x }) => x <= middle + 0.1).map(({ mixture }) => mixture)
  const [left, top] = [Math.min(...dots.map(({ x }) => x)), Math.min(...dots.map(({ y }) => y))]
  const bottom = Math.max(...dots.map(({ y }) => y))
  await page.mouse.move(left - 3, top - 3)
  await page.mouse.down()
  await page.mouse.move(middle, bottom, { steps: 4 })
  await page.mouse.move(middle + 0.2, bottom + 3)
  await page.mouse.up()
  await page.getByText(`${wanted.length} selected`).waitFor()
  for (const domain of ['law', 'fiction', 'mean-all-log']) {
    const strong = await panelOf(page, domain)
      .locator('path.dot')
      .evaluateAll((found) =>
        found
          .filter((dot) => Number(getComputedStyle(dot).opacity) > 0.5)
          .map((dot) => (dot as SVGElement).dataset['mixture']!)
      )
    expect(strong.sort()).toEqual([...wanted].sort())
  }
  await page.keyboard.press('Escape')
  await page.getByText('Drag over dots').waitFor()
  expect(complaints).toEqual([])
})

test('by keyboard: a panel grows, a dot is read and picked in it, Esc closes, the strip leads on', async () => {
  const { page } = await openEvidence()
  await page.getByRole('button', { name: 'Enlarge fiction' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'fiction, full size' })
  await dialog.locator('.plot').focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  const tip = dialog.getByRole('status')
  const first = pairs
    .filter((row) => row['domain'] === 'fiction' && row['proxy'] === 'merge-micro')
    .sort((a, b) => Number(a['proxy_perplexity']) - Number(b['proxy_perplexity']))[1]!
  const words = await tip.innerText()
  expect(words).toContain(String(first['mixture']))
  expect(words).toContain(`sequential ${Number(first['sequential_perplexity']).toFixed(1)}`)
  await page.keyboard.press('Enter')
  await page.keyboard.press('+')
  await dialog.getByRole('button', { name: 'Show all' }).waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText(`Picked: ${String(first['mixture'])}`).waitFor()
  await page.getByRole('button', { name: 'Go to mean-out', exact: true }).focus()
  await page.keyboard.press('Enter')
  const focused = page.locator('.plot:focus')
  expect(await focused.getAttribute('aria-label')).toMatch(/^mean-out:/)
})

test('a saved figure stands alone, and its table is the exported one', async () => {
  for (const scheme of ['light', 'dark'] as const) {
    const { page, complaints } = await openEvidence(scheme)
    const law = panelOf(page, 'law')
    const svg = String(await saved(page, law, 'SVG'))
    expect(svg).not.toMatch(/var\(|oklch|color-mix|light-dark|class=|style=/)
    expect(svg.match(/font\/woff2;base64/g)?.length).toBe(2)
    // A page without the window's policy, as any program that opens the file is.
    const elsewhere = await page.context().newPage()
    const read = await elsewhere.evaluate((text) => {
      const picture = new DOMParser().parseFromString(text, 'image/svg+xml')
      return {
        wrong: picture.querySelector('parsererror')?.textContent ?? null,
        words: [...picture.querySelectorAll('text')].map((one) => one.textContent),
        paper: picture.querySelector('rect')?.getAttribute('fill')
      }
    }, svg)
    expect(read.wrong).toBe(null)
    // Light, whatever the window is.
    expect(read.paper).toMatch(/^#f[0-9a-f]f[0-9a-f]f[0-9a-f]$/)
    expect(read.words).toEqual(
      expect.arrayContaining(['law', 'proxy, perplexity', 'sequential, perplexity'])
    )
    const png = await saved(page, law, 'PNG')
    const [width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.slice(1).map(Number)
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * width!, 2 * height!])
    expect(fromCsv(PAIRS.columns, String(await saved(page, law, 'CSV')))).toEqual(
      pairs.filter((row) => row['domain'] === 'law' && row['proxy'] === 'merge-micro')
    )
    expect(complaints).toEqual([])
  }
})

test('regret is read off the pairs, and studies are compared by what differs', async () => {
  const { page } = await openEvidence()
  const logs = pairs.filter(
    (row) => row['domain'] === 'mean-all-log' && row['proxy'] === 'merge-micro' && row['size'] === 2
  )
  const lowest = (column: string) =>
    logs.reduce((best, row) => (Number(row[column]) < Number(best[column]) ? row : best))
  const regret =
    Number(lowest('proxy_perplexity')['sequential_perplexity']) -
    Number(lowest('sequential_perplexity')['sequential_perplexity'])
  await page.getByRole('button', { name: 'Copy regret as CSV' }).click()
  await page.getByText('Copied').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  const line = copied.split('\r\n').find((one) => one.startsWith('2,merge-micro,'))!
  expect(Number(line.split(',')[8])).toBeCloseTo(regret, 12)
  await page
    .getByRole('button', { name: /^all sizes/ })
    .first()
    .click()
  await page.getByText('This ranking is across sizes and not comparable').waitFor()

  await page.getByRole('button', { name: 'Compare 2 studies' }).click()
  await page.getByRole('button', { name: 'Read again' }).waitFor()
  const row = page.getByRole('row').filter({ hasText: 'sequential.choose.kind' })
  expect(await row.innerText()).toMatch(/sequential\.choose\.kind all → random/)
  expect(await row.innerText()).toMatch(/sequential\.choose\.count – → 8/)
  expect(await row.innerText()).toMatch(/size 2: \d/)
})

test('proxies stand side by side with the exported numbers, and the proxy is diagnosed', async () => {
  const { page, complaints } = await openEvidence()
  const rows = await tableRows(project, 'comparison')
  const table = page.getByRole('region', { name: 'Proxies compared' })
  await page.getByRole('combobox', { name: 'on', exact: true }).selectOption('law')
  for (const proxy of ['merge-micro', 'ensemble', 'best-branch', 'count']) {
    const row = rows.find((one) => one['proxy'] === proxy && one['domain'] === 'law')!
    const cells = table.getByRole('row', { name: new RegExp(`^${proxy} `) }).locator('td')
    expect(await cells.nth(1).innerText()).toBe(String(row['n']))
    const told = row['accuracy'] === null ? 'not defined here' : `${row['accuracy']}; 95 %`
    expect(await cells.nth(3).getAttribute('title')).toContain(told)
  }
  await page.getByRole('button', { name: 'Diagnose' }).click()
  const claim = page.locator('details').filter({ hasText: 'Too few mixtures were trained' })
  await claim.locator('summary').click()
  await claim.getByText('mixtures compared with another of their size').waitFor()
  await page.getByRole('button', { name: 'Copy diagnosis as CSV' }).click()
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^claim,budget,verdict,threshold,number,value,unit\r\nfew-mixtures,sum,/)
  await expectAccessible(page, 'Evidence, diagnosed')
  expect(complaints).toEqual([])
})

test('what adding a partition does: mixture by mixture, by merge and by training, as the command line has it', async () => {
  const { page, complaints } = await openEvidence()
  const section = page.getByRole('region', { name: 'What adding a partition does' })
  await section.getByRole('combobox', { name: 'adding' }).selectOption('sea')
  await section.getByText(/^sea helps \d+ of 7 mixtures/).waitFor()
  await section.getByRole('combobox', { name: 'sorted on' }).selectOption('sea')
  const table = section.getByRole('region', { name: 'Changes by adding sea' })
  const csv = join(folder, 'sea.csv')
  await assayDone(['report', project, '--adding', 'sea', '--csv', csv])
  const lines = (await readFile(csv, 'utf8')).trimEnd().split('\r\n')
  const onSea = lines.map((line) => line.split(',')).filter((cells) => cells[4] === 'sea')
  const sorted = onSea.sort((a, b) => Number(a[7]) - Number(b[7]))
  expect(sorted.length).toBe(7)
  await expect
    .poll(() => table.locator('tbody td:first-child').allInnerTexts())
    .toEqual(sorted.map((cells) => cells[1]))
  await section.getByRole('button', { name: 'Copy additions as CSV' }).click()
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe(await readFile(csv, 'utf8'))
  await section
    .getByRole('img', { name: /^Median change of the loss .*sea: merge-micro/ })
    .waitFor()
  await section.getByRole('combobox', { name: 'by', exact: true }).selectOption('trained')
  await section.getByText(/^sea helps \d+ of \d+ mixtures|No mixture is trained both/).waitFor()
  await expectAccessible(page, 'Evidence, additions')
  expect(complaints).toEqual([])
})

test('tables for a paper are saved by a press, as the command line writes them', async () => {
  const { page } = await openEvidence()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'LaTeX tables' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/tables[.]tex$/)
  const own = join(folder, 'own.tex')
  await assayDone(['report', project, '--latex', own])
  const withoutDate = (text: string) => text.replace(/^% Tables .*$/m, '')
  const [saved, written] = await Promise.all([readFile(await file.path()), readFile(own)])
  expect(withoutDate(saved.toString())).toBe(withoutDate(written.toString()))
})

test('lines are measured on a press and drawn; what to train next is kept in the study as design', async () => {
  const within = await mkdtemp(join(tmpdir(), 'assay-test-'))
  onTestFinished(() => rm(within, { recursive: true, force: true }))
  const choose = { kind: 'random' as const, count: 1 }
  const few = await newProject(40, { sequential: { choose } }, within)
  await assayDone(['run', few])
  const { link } = await serveProject(few)
  const { page, complaints } = await openWindow(link)
  await show(page, 'Evidence')
  await page.getByRole('button', { name: 'Diagnose' }).click()
  await page.getByRole('button', { name: /^Measure \d+ models$/ }).click()
  const panels = page.getByRole('img', { name: /^Loss above the straight/ })
  await panels.waitFor({ timeout: 60_000 })
  await page.getByText('Every line is measured.').waitFor()
  const told = (await tableRows(few, 'lines')).filter((row) => row['domain'] === 'mean-all-log')
  expect(await panels.locator('path.way').count()).toBe(told.length / 5)
  const cosines = page.getByRole('img', { name: /^Cosines of branches/ })
  expect(await cosines.locator('rect').count()).toBe(9)
  await page.getByRole('combobox', { name: 'drawn' }).selectOption('loss')
  const figure = page.locator('figure').filter({ hasText: 'Loss along straight lines' })
  const csv = fromCsv(
    [
      ...['kind', 'line'].map((name) => ({ name, type: 'text' as const, unit: '', meaning: '' })),
      ...['t', 'nats_per_token', 'barrier'].map((name) => ({
        name,
        type: 'number' as const,
        unit: '',
        meaning: ''
      }))
    ],
    String(await saved(page, figure, 'CSV'))
  )
  expect(csv.map((row) => row['nats_per_token'])).toEqual(told.map((row) => row['loss']))
  await saved(page, figure, 'SVG')

  const claim = page.locator('details').filter({ hasText: 'Too few mixtures were trained' })
  await claim.locator('summary').click()
  await expectAccessible(page, 'lines and proposals')
  const names = await claim.locator('.more tbody tr td:first-child').allInnerTexts()
  expect(names.length).toBe(2)
  await claim.getByRole('button', { name: 'Add 2 mixtures to what is trained' }).click()
  await page.getByText('2 mixtures added. Run the study to train them.').waitFor()
  await page.getByRole('button', { name: 'Run study' }).click()
  await expect
    .poll(
      async () => (await tableRows(few, 'runs')).filter((row) => row['chosen_by'] === 'design'),
      {
        timeout: 60_000
      }
    )
    .toHaveLength(2)
  expect(complaints).toEqual([])
}, 240_000)

test('the Evidence screen breaks no rule of accessibility, light or dark, small or full size', async () => {
  const { page } = await openEvidence()
  await page.getByRole('button', { name: 'Compare 2 studies' }).click()
  await page.getByRole('button', { name: 'Read again' }).waitFor()
  await expectAccessible(page, 'small')
  await page.getByRole('button', { name: 'Enlarge law' }).click()
  await expectAccessible(page, 'full size')
})
