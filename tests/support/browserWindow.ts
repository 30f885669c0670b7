/** The window in a real browser, with a real engine behind it. */
import { existsSync } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import type { Browser, BrowserContext, Locator, Page } from '@playwright/test'
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest'
import { TABLES, fromCsv } from '#engine/studies/tables'
import type { Row } from '#engine/studies/tables'
import type { StudyDraft } from '#shared/records'
import { tinyStudy } from './builtEngine'
import { assayDone } from './commandLine'
import { temporaryFolder } from './temporaryFolder'
import { writeCorpus } from './tinyCorpus'

let browser: Browser
beforeAll(async () => {
  // No name is looked up: what would leave this machine fails, and is seen to have been asked for.
  const args = ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1']
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args })
})
afterAll(() => browser.close())

/**
 * A project with text and the tiny study, three partitions, nothing run.
 *
 * @param within folder for it and its texts; one that goes with the test unless given
 */
export async function newProject(
  sequences = 60,
  change: Partial<StudyDraft> = {},
  within?: string
): Promise<string> {
  const folder = within ?? (await temporaryFolder())
  const project = join(folder, 'languages')
  const study = join(folder, 'study.json')
  await writeFile(
    study,
    JSON.stringify(tinyStudy({ unit: { sequences, maximum: 1, tooSmall: 'short' }, ...change }))
  )
  await assayDone(['new', project, '--from', study])
  const seed = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 120 })
  const parts = await writeCorpus(join(folder, 'parts.jsonl'), { law: 60, code: 60, mail: 60 })
  await assayDone(['import', project, seed, '--as', 'seed', '--name', 'seed'])
  await assayDone(['import', project, parts, '--partition', 'part'])
  return project
}

/** Opens the window; what it asks of the network and what it complains of are kept. */
export async function openWindow(link: string, scheme: 'light' | 'dark' = 'light') {
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
  page.on('websocket', (socket) => asked.push(socket.url()))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(link)
  return { page, asked, complaints }
}

export async function show(page: Page, screen: string): Promise<void> {
  const button = page.getByRole('button', { name: screen, exact: true })
  await button.click()
  expect(await button.getAttribute('aria-current')).toBe('page')
}

export async function runStudy(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run study' }).click()
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 90_000 })
}

/** Presses what copies, and gives what it copied: what was copied before is forgotten first. */
export async function copyBy(page: Page, button: Locator): Promise<string> {
  await page.evaluate(() => navigator.clipboard.writeText(''))
  await button.click()
  const copied = () => page.evaluate(() => navigator.clipboard.readText())
  await expect.poll(copied).not.toBe('')
  return copied()
}

/** The cell of a mixture and a domain. */
export async function matrixCell(page: Page, mixture: string, domain: string): Promise<Locator> {
  const heads = page.locator('[role="columnheader"].value')
  const names = (await heads.allInnerTexts()).map((text) => text.replace(/ [▾▴]$/, '').trim())
  const row = page.locator(`[data-mixture="${mixture}"]`)
  return row.locator(`[data-column]`).nth(names.indexOf(domain))
}

/** @param within folder for the exported tables; one that goes with the test unless given */
export async function tableRows(project: string, name: string, within?: string): Promise<Row[]> {
  const folder = within ?? (await temporaryFolder())
  await assayDone(['export', project, '--out', folder])
  const { columns } = TABLES.find((table) => table.name === name)!
  return fromCsv(columns, await readFile(join(folder, `${name}.csv`), 'utf8'))
}

/** Drops files and folders of this machine on the middle of the window, as a person does. */
export async function dropFiles(page: Page, paths: string[]): Promise<void> {
  const client = await page.context().newCDPSession(page)
  const at = { x: 700, y: 450, data: { items: [], files: paths, dragOperationsMask: 1 } }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, ...at })
  }
  await client.detach()
}

/** Waits until one run of a project is trained. */
export async function firstRun(project: string): Promise<void> {
  const runs = join(project, 'runs')
  const isTrained = async () => {
    const names = await readdir(runs).catch(() => [])
    return names.some((name) => existsSync(join(runs, name, 'manifest.json')))
  }
  await vi.waitFor(async () => expect(await isTrained()).toBe(true), {
    timeout: 60_000,
    interval: 25
  })
}
