import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, test } from 'vitest'
import type { TracePoint } from '#shared/records'
import { expectAccessible } from '../support/accessibility'
import { newProject, openWindow, runStudy, show, tableRows } from '../support/browserWindow'
import { holdWorkers } from '../support/heldWorkers'
import { serveProject } from '../support/servedProject'

const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' as const }

/** A seed of some seconds and three short branches, measured on held-out text while they train. */
function slowProject(): Promise<string> {
  return newProject(200, {
    seed: { source: 'text', corpus: 'seed', tokenBudget: 16 * 3200, recipe },
    sequential: { choose: { kind: 'none' } },
    evaluation: { everySteps: 20 }
  })
}

const row = (page: Page, name: string) =>
  page.locator('tr[data-state]', { has: page.getByText(name, { exact: true }) })
const inState = (page: Page, name: string, state: string) =>
  row(page, name)
    .and(page.locator(`[data-state=${state}]`))
    .waitFor({ timeout: 60_000 })
const queue = async (page: Page) =>
  (await page.locator('tr[data-state] td:first-child').allInnerTexts()).map((text) => text.trim())
const reading = (page: Page) =>
  page.getByRole('region', { name: 'Losses read from the chart' }).locator('tr[data-run]')

test('curves grow; runs are moved, held, released and tried again; what is read is what is stored', async () => {
  const project = await slowProject()
  const { link, child } = await serveProject(project, ['--threads', '1'])
  const { page, complaints } = await openWindow(link)
  await show(page, 'Training')
  await page.getByText('Nothing is planned yet').waitFor()
  await page.getByRole('button', { name: 'Run study' }).click()
  await inState(page, 'seed', 'training')
  // It stands still while other runs are moved: it must not be done before it is looked at.
  const goOn = await holdWorkers(child.pid!)

  // By keyboard: the last branch comes one earlier, the first is held.
  const grid = page.getByRole('grid', { name: 'Runs' })
  await grid.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Alt+ArrowUp')
  await expect.poll(() => queue(page)).toEqual(['seed', 'code#1', 'mail#1', 'law#1'])
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('h')
  await inState(page, 'code#1', 'held')

  // The seed's curve grows while it is looked at, with its loss on held-out text.
  const cell = (n: number) => reading(page).first().locator('td').nth(n).innerText()
  const step = async () => Number(await cell(1)) || 0
  goOn()
  await expect.poll(step).toBeGreaterThan(0)
  const before = await step()
  await expect.poll(step).toBeGreaterThan(before)
  await expect.poll(async () => Number(await cell(3))).toBeGreaterThan(1)

  // Held amid training, it stops, and with it all that builds on it; released, it goes on.
  await grid.focus()
  const letGo = await holdWorkers(child.pid!)
  await page.keyboard.press('Home')
  await page.keyboard.press('h')
  letGo()
  await page.getByText('2 runs are held: release what is to be trained').waitFor()
  await inState(page, 'seed', 'held')
  await page.keyboard.press('h')
  await inState(page, 'seed', 'stopped')
  await page.getByRole('button', { name: 'Run study' }).click()
  await inState(page, 'seed', 'training')

  // A branch that cannot go on from where it was fails where it stands, and is tried again.
  const law = (await row(page, 'law#1').getAttribute('id'))!.slice('run-'.length)
  const broken = join(project, 'runs', law, 'resume')
  mkdirSync(broken, { recursive: true })
  await inState(page, 'law#1', 'failed')
  await inState(page, 'mail#1', 'done')
  await page.getByRole('button', { name: 'Copy details of law#1' }).click()
  await page.getByRole('button', { name: 'Copy details of law#1' }).getByText('Copied').waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/law#1[^]*message: .+/)
  rmSync(broken, { recursive: true })
  await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 40_000 })
  await page.getByRole('button', { name: 'Release code#1' }).click()
  await page.getByRole('button', { name: 'Retry law#1' }).click()
  for (const name of ['seed', 'code#1', 'mail#1', 'law#1']) await inState(page, name, 'done')
  await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 40_000 })

  // Hover reads all curves at once.
  await page.getByRole('slider', { name: /Last training loss: code#1/ }).hover()
  await expect.poll(() => reading(page).count()).toBe(3)
  const runs = new Map((await tableRows(project, 'runs')).map((one) => [one['run'], one]))
  for (const one of await reading(page).all()) {
    const fingerprint = (await one.getAttribute('data-run'))!
    const path = join(project, 'runs', fingerprint, 'trace.jsonl')
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    const points = lines.map((line) => JSON.parse(line) as TracePoint)
    const [name, at, training, heldOut] = await one.locator('td').all()
    const point = points[Number(await at!.innerText()) - 1]!
    expect(point.step).toBeLessThan(points.length)
    expect(await training!.getAttribute('title')).toBe(String(point.loss))
    const [domain, value] = (await heldOut!.locator('span').getAttribute('title'))!.split(': ')
    const near = points
      .filter((other) => other.heldOut && Math.abs(other.step - point.step) <= 20)
      .map((other) => String(other.heldOut![domain!]))
    expect(near).toContain(value)
    expect([...runs.keys()]).toContain(await name!.innerText())
  }
  expect(complaints).toEqual([])
})

test('the screen and its sheets break no rule of accessibility, light or dark', async () => {
  const { link } = await serveProject(await newProject(60, { evaluation: { everySteps: 10 } }))
  const { page } = await openWindow(link)
  await show(page, 'Training')
  await runStudy(page)
  await page.getByRole('slider', { name: /Last training loss/ }).waitFor()
  await page.getByText('Training every mixture would be').waitFor()
  await page.getByRole('meter', { name: 'Memory' }).waitFor()
  await row(page, 'law#1').click()
  await expectAccessible(page, 'Training')
  await page.getByRole('button', { name: 'Devices', exact: true }).click()
  const devices = page.getByRole('dialog', { name: 'Devices' })
  await devices.getByRole('cell', { name: 'tensorflow' }).waitFor()
  await expectAccessible(page, 'Devices')
  await page.keyboard.press('Escape')
  await devices.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Log', exact: true }).click()
  const log = page.getByRole('dialog', { name: 'Log' })
  await log.getByText('The study small is done').waitFor()
  await log.getByLabel('show').selectOption('error')
  await log.getByText('Nothing of this kind happened').waitFor()
  await log.getByLabel('show').selectOption('info')
  await expectAccessible(page, 'Log')
  await log.getByRole('button', { name: 'Close' }).click()
  await log.waitFor({ state: 'hidden' })
})
