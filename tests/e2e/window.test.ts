import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { chromium } from '@playwright/test'
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { TABLES, fromCsv } from '#engine/studies/tables'
import type { Row } from '#engine/studies/tables'
import { tinyStudy } from '../support/builtEngine'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'
import { writeFile } from 'node:fs/promises'

let browser: Browser
beforeAll(async () => {
  const args = ['--no-sandbox']
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args })
})
afterAll(() => browser.close())

/** A project with text and the tiny study, three partitions, nothing run. */
async function newProject(sequences = 60): Promise<string> {
  const folder = await temporaryFolder()
  const project = join(folder, 'languages')
  const study = join(folder, 'study.json')
  await writeFile(
    study,
    JSON.stringify(tinyStudy({ unit: { sequences, maximum: 1, tooSmall: 'short' } }))
  )
  await assayDone(['new', project, '--from', study])
  const seed = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 120 })
  const parts = await writeCorpus(join(folder, 'parts.jsonl'), { law: 60, code: 60, mail: 60 })
  await assayDone(['import', project, seed, '--as', 'seed', '--name', 'seed'])
  await assayDone(['import', project, parts, '--partition', 'part'])
  return project
}

/** Opens the window; what it asks of the network and what it complains of are kept. */
async function openWindow(link: string, scheme: 'light' | 'dark' = 'light') {
  const context: BrowserContext = await browser.newContext({
    colorScheme: scheme,
    permissions: ['clipboard-read', 'clipboard-write'],
    viewport: { width: 1400, height: 900 }
  })
  context.setDefaultTimeout(20_000)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const asked: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(link)
  return { page, asked, complaints }
}

async function show(page: Page, screen: string): Promise<void> {
  const button = page.getByRole('button', { name: screen, exact: true })
  await button.click()
  expect(await button.getAttribute('aria-current')).toBe('page')
}

async function runStudy(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run study' }).click()
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 90_000 })
}

async function tableRows(project: string, name: string): Promise<Row[]> {
  const folder = await temporaryFolder()
  await assayDone(['export', project, '--out', folder])
  const { columns } = TABLES.find((table) => table.name === name)!
  return fromCsv(columns, await readFile(join(folder, `${name}.csv`), 'utf8'))
}

test('a study is run and read in the window; what it shows is what is exported', async () => {
  const project = await newProject()
  const { link } = await serveProject(project)
  const { page, asked, complaints } = await openWindow(link)
  await page.getByText('No mixture is measured yet').waitFor()
  await show(page, 'Catalogue')
  await page.getByText('The text is not prepared yet').waitFor()
  await runStudy(page)

  await page.getByRole('cell', { name: 'law', exact: true }).first().waitFor()
  await show(page, 'Training')
  await page.getByRole('img', { name: /Training loss of seed/ }).waitFor()
  const states = await page.locator('tbody tr td:nth-child(3)').allInnerTexts()
  expect(new Set(states.map((text) => text.trim()))).toEqual(new Set(['done']))

  const pairs = (await tableRows(project, 'pairs')).filter((row) => row['proxy'] === 'merge-micro')
  await show(page, 'Mixtures')
  await page.getByLabel('shown as').selectOption('value')
  const cell = page.locator('td.cell[title^="code+law on law:"]')
  const both = pairs.find((row) => row['mixture'] === 'code+law' && row['domain'] === 'law')!
  expect(await cell.getAttribute('title')).toBe(
    `code+law on law: ${String(both['proxy_perplexity'])}`
  )
  expect(await page.locator('tbody tr th').count()).toBe(7)
  await page.getByRole('button', { name: 'mail', exact: true }).first().click()
  expect(await page.locator('tbody tr th').count()).toBe(4)

  await page.getByRole('region', { name: 'Mixtures' }).focus()
  for (let i = 0; i < 9; i++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.getByText('Picked: law+mail', { exact: true }).waitFor()

  await show(page, 'Evidence')
  expect(await page.locator('path.dot.picked title').first().textContent()).toMatch(/^law\+mail: /)
  const evidence = pairs.filter((row) => row['domain'] === 'law' && row['evidence'] === 'yes')
  const panel = page.locator('figure', { has: page.getByText('law', { exact: true }) })
  expect(await panel.locator('path.dot').count()).toBe(evidence.length)
  await page.getByRole('button', { name: 'Copy pairs as CSV' }).click()
  await page.getByText('Copied').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(fromCsv(TABLES.find(({ name }) => name === 'pairs')!.columns, copied)).toEqual(
    await tableRows(project, 'pairs')
  )

  expect(complaints).toEqual([])
  const { host } = new URL(link)
  expect(asked.filter((url) => new URL(url).host !== host)).toEqual([])
})

test('by keyboard alone: screens, a run, stopping it, and going on', async () => {
  const { link } = await serveProject(await newProject(500))
  const { page } = await openWindow(link)
  await page.getByText('No mixture is measured yet').waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  await page.getByRole('heading', { name: 'How is it going?' }).waitFor()
  await page.getByRole('button', { name: 'Run study' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await page
    .getByRole('cell', { name: /training$/ })
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Stop' }).focus()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 30_000 })
  // A window opened anew shows the same state.
  await page.reload()
  await page.getByRole('heading', { name: 'What is each mixture worth?' }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  await page
    .getByRole('cell', { name: /waiting$/ })
    .first()
    .waitFor()
  await runStudy(page)
  await page.keyboard.press('g')
  await page.keyboard.press('e')
  await page.getByRole('heading', { name: 'May I believe it?' }).waitFor()
  await page.locator('path.dot').first().waitFor()
})

test('no screen breaks a rule of accessibility, light or dark', async () => {
  const project = await newProject()
  await assayDone(['run', project])
  const { link } = await serveProject(project, ['--read-only'])
  for (const scheme of ['light', 'dark'] as const) {
    const { page } = await openWindow(link, scheme)
    await page.locator('td.cell').first().waitFor()
    for (const screen of ['Catalogue', 'Training', 'Mixtures', 'Evidence']) {
      await show(page, screen)
      const { violations } = await new AxeBuilder({ page }).analyze()
      const found = violations.map(({ id, nodes }) => [id, nodes[0]?.html])
      expect([scheme, screen, found]).toEqual([scheme, screen, []])
    }
  }
})

test('an engine that is gone is said to be gone', async () => {
  const { link, child } = await serveProject(await newProject())
  const { page } = await openWindow(link)
  await page.getByText('No mixture is measured yet').waitFor()
  child.kill('SIGKILL')
  await page.getByText('The engine does not answer; trying again.').waitFor()
})
