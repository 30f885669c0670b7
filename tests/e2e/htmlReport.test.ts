import { execFileSync } from 'node:child_process'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Locator, Page } from '@playwright/test'
import { expect, onTestFinished, test } from 'vitest'
import { FolderShelf, Workbench } from '#engine'
import { TABLES } from '#engine/studies/tables'
import { expectAccessible } from '../support/accessibility'
import { newProject, openWindow, show, tableRows } from '../support/browserWindow'
import { builtEngine } from '../support/builtEngine'
import { assayDone, assayError } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

/** Writes the report of a project and opens it as whoever gets it by mail would. */
async function openReport(project: string) {
  const file = join(await temporaryFolder(), 'new', 'report.html')
  const said = await assayDone(['report', project, '--html', file])
  expect(said).toContain(`Written: ${file} (`)
  const link = pathToFileURL(file).href
  const opened = await openWindow(link)
  const rest = opened.asked.filter((one) => !one.startsWith('data:'))
  expect(rest).toEqual([link])
  return { ...opened, file }
}

/** Cells of a table by heading of row and column: the full number where there is one. */
async function cellsOf(table: Locator): Promise<Record<string, Record<string, string>>> {
  return table.evaluate((one: HTMLTableElement) => {
    const heads = [...one.tHead!.rows[0]!.cells].map((cell) => cell.textContent)
    const rows = [...one.tBodies[0]!.rows].map((row) => {
      const cells = [...row.cells].map((cell, i) => {
        const full = cell.querySelector('data')?.value
        return [heads[i]!, full ?? cell.textContent.trim()] as const
      })
      return [row.cells[0]!.textContent, Object.fromEntries(cells)] as const
    })
    return Object.fromEntries(rows)
  })
}

const tableOf = (page: Page, caption: string) => page.locator('table', { hasText: caption }).first()

/** The tables inside are those of the export, byte for byte, but for what the clock says. */
async function expectTablesInside(page: Page, project: string): Promise<void> {
  const exported = await temporaryFolder()
  await assayDone(['export', project, '--out', exported])
  for (const { name } of TABLES) {
    const link = page.locator(`a[download="${name}.csv"]`)
    const address = (await link.getAttribute('href'))!
    const inside = Buffer.from(address.split('base64,')[1]!, 'base64').toString('utf8')
    expect([name, inside]).toEqual([name, await readFile(join(exported, `${name}.csv`), 'utf8')])
  }
}

async function openDetails(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('details')) one.open = true
  })
}

test('a report needs nothing but itself, and says what the tables of the export say', async () => {
  const project = await newProject(30)
  await assayDone(['run', project])
  const { page, complaints } = await openReport(project)

  await page.getByRole('heading', { name: 'small: what its mixtures are worth' }).waitFor()
  const ranked = await cellsOf(tableOf(page, 'Size 2: 3 mixtures'))
  const pairs = (await tableRows(project, 'pairs')).filter(
    (row) => row['size'] === 2 && row['domain'] === 'mean-all-log' && row['proxy'] === 'merge-micro'
  )
  expect(pairs.length).toBe(3)
  for (const row of pairs) {
    expect(ranked[String(row['mixture'])]).toMatchObject({
      Proxy: String(row['proxy_perplexity']),
      Trained: String(row['sequential_perplexity'])
    })
  }
  const ledger = await cellsOf(tableOf(page, 'Training partitions'))
  for (const row of await tableRows(project, 'partitions')) {
    expect(ledger[String(row['partition'])]).toMatchObject({
      Documents: String(row['documents']),
      Tokens: String(row['tokens']),
      'Base units': String(row['base_units'])
    })
  }
  const cost = await cellsOf(tableOf(page, 'Ways to answer'))
  const runs = await tableRows(project, 'runs')
  const own = [...new Map(runs.map((row) => [row['fingerprint'], row])).values()]
  expect(cost['Really spent here']).toMatchObject({
    Runs: String(own.length),
    Tokens: String(own.reduce((sum, row) => sum + Number(row['tokens']), 0))
  })
  await expectTablesInside(page, project)

  // A dot per mixture that is evidence, on every domain.
  const figure = page.locator('.panels figure').first()
  expect(await figure.locator('path.dot').count()).toBe(4)
  await openDetails(page)
  await expectAccessible(page, 'a report')
  await page.setViewportSize({ width: 420, height: 800 })
  const [wide, seen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth
  ])
  expect(wide).toBe(seen)
  expect(complaints).toEqual([])

  // A bundle can only be read, and has all that the report is made of.
  const engine = builtEngine()
  onTestFinished(() => engine.close())
  const workbench = new Workbench(engine, new FolderShelf(join(project, '..')))
  onTestFinished(() => workbench.close())
  const desk = workbench.desk().api()
  await desk.openProject({ id: 'languages', readOnly: false })
  await desk.copyProject({ name: 'bundle', kind: 'bundle' })
  await workbench.close()
  const bundled = await openReport(join(project, '..', 'bundle'))
  expect(await cellsOf(tableOf(bundled.page, 'Size 2: 3 mixtures'))).toEqual(ranked)
  expect(bundled.complaints).toEqual([])

  // The window saves the same.
  const { link } = await serveProject(project)
  const window = await openWindow(link)
  await show(window.page, 'Evidence')
  const saved = window.page.waitForEvent('download')
  await window.page.getByRole('button', { name: 'Save report' }).click()
  const download = await saved
  expect(download.suggestedFilename()).toBe('small-report.html')
  const html = await readFile(await download.path(), 'utf8')
  expect(html).toContain('small: what its mixtures are worth')
  expect(html).toMatch(/Assay \d+\.\d+\.\d+/)
  expect(window.complaints).toEqual([])
})

/** A name that is markup wherever it is not escaped. */
const NASTY = `<img src=x onerror=alert(1)>'&amp;`

test('a report of tables compares their proxies, and says what tables do not know', async () => {
  const folder = await temporaryFolder()
  const project = join(folder, 'sweep')
  const table = join(folder, 'long.csv')
  const golden = await readFile('tests/golden/tables/long.csv', 'utf8')
  await writeFile(table, golden.replaceAll('wiki', NASTY))
  await assayDone(['import-table', project, table])
  const { page, complaints } = await openReport(project)
  await page.locator('figcaption strong', { hasText: NASTY }).waitFor()
  expect(await page.locator('img, script').count()).toBe(0)
  const compared = await cellsOf(tableOf(page, 'Proxies compared on the mean over all domains'))
  const rows = (await tableRows(project, 'comparison')).filter(
    (row) => row['domain'] === 'mean-all-log'
  )
  const cell = (value: unknown) => (value === null ? '—' : String(value))
  expect(Object.keys(compared).sort()).toEqual(rows.map((row) => row['proxy']).sort())
  for (const row of rows) {
    expect(compared[String(row['proxy'])]).toMatchObject({
      n: String(row['n']),
      'Spearman’s ρ': cell(row['spearman']),
      Accuracy: cell(row['accuracy']),
      Slope: cell(row['slope'])
    })
  }
  for (const sentence of [
    'of text, tokens and documents nothing is known',
    'The tables do not say what training cost.',
    'The tables do not say how the models were made'
  ]) {
    await page.getByText(sentence).waitFor()
  }
  await expectTablesInside(page, project)
  await openDetails(page)
  await expectAccessible(page, 'a report of tables')
  expect(complaints).toEqual([])
})

test('a report that cannot be written leaves what was there', async () => {
  const folder = await temporaryFolder()
  const project = join(folder, 'sweep')
  await assayDone(['import-table', project, 'tests/golden/tables/long.csv'])
  const taken = join(folder, 'taken')
  await mkdir(taken)
  const error = await assayError(['report', project, '--html', taken])
  expect([error.code, error.status]).toEqual(['storage/exists', 1])
  expect(await readdir(taken)).toEqual([])

  const old = join(folder, 'report.html')
  await writeFile(old, 'the last one')
  const wrong = await assayError(['report', project, '--html', old, '--documents', 'clean'])
  expect(wrong.code).toBe('study/from-tables')
  expect(await readFile(old, 'utf8')).toBe('the last one')
  expect((await readdir(folder)).sort()).toEqual(['report.html', 'sweep', 'taken'])

  const disk = join(folder, 'disk')
  await mkdir(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
  try {
    const full = await assayError(['report', project, '--html', join(disk, 'report.html')])
    expect([full.code, await readdir(disk)]).toEqual(['storage/disk-full', []])
  } finally {
    execFileSync('umount', ['--lazy', disk])
  }
})
