import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator } from '@playwright/test'
import { expect, test } from 'vitest'
import type { StudyDraft } from '#shared/records'
import { expectAccessible } from '../support/accessibility'
import {
  matrixCell,
  newProject,
  openWindow,
  runStudy,
  show,
  tableRows
} from '../support/browserWindow'
import { tinyStudy } from '../support/builtEngine'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

async function giveStudy(project: string, change: Partial<StudyDraft>): Promise<void> {
  const file = join(await temporaryFolder(), 'study.json')
  const unit = { sequences: 60, maximum: 1, tooSmall: 'short' as const }
  const sequential = { choose: { kind: 'none' as const } }
  await writeFile(file, JSON.stringify(tinyStudy({ unit, sequential, ...change })))
  await assayDone(['study', project, '--from', file])
}

/** Five partitions, two of them with long names, and all their 31 mixtures. */
async function wideProject(): Promise<string> {
  const project = await newProject()
  await giveStudy(project, {})
  for (const [kind, name] of [
    ['fiction', 'speeches-before-1913'],
    ['sea', 'speeches-from-1913']
  ] as const) {
    const file = await writeCorpus(join(await temporaryFolder(), `${kind}.jsonl`), { [kind]: 60 })
    await assayDone(['import', project, file, '--name', name])
  }
  return project
}

/** Losses of the shown proxy on a domain less the mean of their size, by mixture: as exported. */
async function differencesOn(project: string, domain: string): Promise<Map<string, number>> {
  const losses = new Map<string, number>()
  for (const row of await tableRows(project, 'measurements')) {
    // A mixture of one base unit is its branch.
    const of = /^(?:merge-micro |branch )([^#]+)/.exec(String(row['model']))
    if (of && row['domain'] === domain) losses.set(of[1]!, Math.log(Number(row['perplexity'])))
  }
  const sizeOf = (mixture: string) => mixture.split('+').length
  return new Map(
    [...losses].map(([mixture, loss]) => {
      const own = [...losses].filter(([name]) => sizeOf(name) === sizeOf(mixture))
      const mean = own.reduce((sum, [, one]) => sum + one, 0) / own.length
      return [mixture, own.length > 1 ? loss - mean : NaN]
    })
  )
}

/** Presses where something is now: what moves away before the press ends is missed, as by hand. */
async function placeOf(locator: Locator): Promise<{ x: number; y: number }> {
  const box = (await locator.boundingBox())!
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

test('mixtures are selected, trained for real and exported; one is built and kept', async () => {
  const project = await newProject()
  await giveStudy(project, {})
  await assayDone(['run', project])
  // The same branches in another folder, measured there by a study that lists the mixture.
  const listing = join(await temporaryFolder(), 'listing')
  await cp(project, listing, { recursive: true })
  await giveStudy(listing, { mixtures: { choose: { kind: 'list', list: [{ code: 3, mail: 1 }] } } })
  await assayDone(['run', listing])

  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  const grid = page.getByRole('grid', { name: 'Mixtures' })
  await grid.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Shift+ArrowUp')
  await page.getByText('2 selected').waitFor()
  expect(await page.locator('[data-mixture][aria-selected="true"]').count()).toBe(2)
  await page.getByRole('button', { name: 'Train sequentially (2)' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('2 mixtures to be trained for real').waitFor()
  const trained = page.locator('[data-mixture] [aria-label="trained"]')
  await expect.poll(() => trained.count(), { timeout: 60_000 }).toBe(2)
  await show(page, 'Evidence')
  const dots = page.locator('path.dot[data-mixture="law+mail"]')
  await expect.poll(() => dots.count(), { timeout: 20_000 }).toBeGreaterThan(0)

  await show(page, 'Mixtures')
  await page.getByRole('button', { name: 'code in the mixture that is built' }).click()
  await page.getByRole('button', { name: 'mail in the mixture that is built' }).click()
  await page.getByLabel('Weight of code', { exact: true }).fill('3')
  await page.getByLabel('Weight of code', { exact: true }).blur()
  const built = 'code*0.75+mail*0.25'
  await page.getByText(`${built} is not in the study yet.`).waitFor()
  await page.getByLabel('shown as').selectOption('value')
  const measured = (await tableRows(listing, 'measurements')).find(
    (row) => row['model'] === `merge-micro ${built}` && row['domain'] === 'law'
  )!
  const words = `${built} on law: ${String(measured['perplexity'])} perplexity`
  const column = await (await matrixCell(page, 'code', 'law')).getAttribute('data-column')
  await page.locator(`[data-built="${column}"]`).hover()
  await page.getByText(words).waitFor()
  await page.getByRole('button', { name: 'Add to the study' }).click()
  await page.locator(`[data-mixture="${built}"]`).waitFor()
  await page.getByText(`Picked: ${built}`).waitFor()

  await page.getByRole('button', { name: 'Copy as CSV' }).click()
  await page.getByText('as CSV.').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied.split('\n')[1]).toContain(`,${String(measured['perplexity'])}`)
  await page.getByRole('button', { name: 'Export the merged model' }).click()
  await page.getByText('Written into the project’s folder: exports/small/').waitFor()

  await grid.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('p')
  await page.keyboard.press('Shift+ArrowDown')
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByRole('complementary', { name: 'Comparison' }).waitFor()
  await page.getByLabel('target').first().selectOption('all')
  await expectAccessible(page, 'Mixtures')
  expect(complaints).toEqual([])
})

test('the matrix tells mixtures of a size apart; its legend filters, its heads show the spread', async () => {
  const project = await wideProject()
  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  await page.setViewportSize({ width: 1100, height: 700 })
  await show(page, 'Mixtures')
  const legend = page.getByRole('group', { name: /^Legend of/ })
  await runStudy(page)
  await legend.waitFor()
  // Shades are told of what has some: no mixture was trained for real.
  await page.getByLabel('values of').selectOption('sequential')
  await legend.waitFor({ state: 'detached' })
  await page.getByLabel('values of').selectOption('merge-micro')
  await legend.waitFor()

  const whole = await page.getByRole('grid', { name: 'Mixtures' }).evaluate((grid) => {
    const from = grid.querySelector('.head')!.getBoundingClientRect().bottom
    const to = grid.getBoundingClientRect().top + grid.clientHeight
    const rows = [...grid.querySelectorAll('[data-mixture]')].map((row) =>
      row.getBoundingClientRect()
    )
    return rows.filter(({ top, bottom }) => top >= from && bottom <= Math.min(to, innerHeight))
      .length
  })
  expect(whole).toBeGreaterThanOrEqual(14)

  const differences = await differencesOn(project, 'law')
  const shown = (value: number) =>
    value
      .toFixed(2)
      .replace(/^-(0\.0+)$/, '$1')
      .replace('-', '−')
  const cell = await matrixCell(page, 'code+law', 'law')
  expect(await cell.innerText()).toBe(shown(differences.get('code+law')!))
  await cell.hover()
  await page.getByText(/from the mean of its size \(merge-micro\)\n[\d.]+ perplexity\n/).waitFor()

  // The legend is of the sorted column, which each has its own end in.
  await page.getByRole('button', { name: 'law', exact: true }).last().click()
  await page.getByRole('group', { name: 'Legend of law' }).waitFor()
  const known = [...differences].filter(([, value]) => !Number.isNaN(value))
  const most = Math.max(...known.map(([, value]) => Math.abs(value)))
  const spread = (count: number) => page.getByRole('img', { name: `law: ${count} measured` })
  await spread(known.length).waitFor()

  const track = (await page.locator('.track').boundingBox())!
  const y = track.y + track.height / 2
  await page.mouse.move(track.x + 2, y)
  await page.mouse.down()
  await page.mouse.move(track.x + track.width * (7.5 / 17), y, { steps: 5 })
  await page.mouse.up()
  const kept = known.filter(([, value]) => value <= -most / 16).map(([mixture]) => mixture)
  expect(kept.length).toBeGreaterThan(0)
  await page.getByText(`${kept.length} of 31 mixtures`).waitFor()
  const listed = page.locator('[data-mixture]')
  const names = await listed.evaluateAll((rows) => rows.map((row) => row.dataset['mixture']!))
  expect(names.filter((name) => !kept.includes(name))).toEqual([])
  await spread(kept.length).waitFor()
  const chip = page.getByRole('button', { name: /^law up to .* nats\/token: let go$/ })
  await chip.focus()
  await page.keyboard.press('Escape')
  await page.getByText('31 of 31 mixtures').waitFor()

  await page.getByRole('slider', { name: 'Best value kept on law' }).focus()
  for (let step = 0; step < 9; step++) await page.keyboard.press('ArrowRight')
  const worse = known.filter(([, value]) => value >= most / 16).length
  await page.getByText(`${worse} of 31 mixtures`).waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('31 of 31 mixtures').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('button', { name: /let go$/ }).click()
  await page.getByText('31 of 31 mixtures').waitFor()
  expect(complaints).toEqual([])
})

test('a click right after a weight is typed lands, and a wrong weight stays in its field', async () => {
  const project = await newProject()
  await giveStudy(project, {})
  await assayDone(['run', project])
  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  await page.setViewportSize({ width: 1100, height: 700 })
  const cellOf = (name: string) =>
    page.getByRole('button', { name: `${name} in the mixture that is built` })
  const fieldOf = (name: string) => page.getByLabel(`Weight of ${name}`, { exact: true })
  await cellOf('code').click()
  await cellOf('mail').click()
  await page.getByText('code+mail is in the study.').waitFor()

  // Where things are before the weight is typed is where they are pressed.
  const law = await placeOf(cellOf('law'))
  await fieldOf('code').fill('2')
  await page.mouse.click(law.x, law.y)
  expect(await cellOf('law').getAttribute('aria-pressed')).toBe('true')
  await page.getByText('code*0.5+law*0.25+mail*0.25 is not in the study yet.').waitFor()

  await fieldOf('code').fill('0')
  await page.getByRole('alert').getByText('a weight is above 0').waitFor()
  expect(await fieldOf('code').inputValue()).toBe('0')
  expect(await fieldOf('code').getAttribute('aria-invalid')).toBe('true')
  expect(await page.getByRole('button', { name: 'Add to the study' }).isDisabled()).toBe(true)
  // Longer than it waits before it measures.
  await page.waitForTimeout(700)
  expect(await page.locator('[data-built]').first().innerText()).toBe('–')
  expect(await page.getByText('Averaging and measuring').count()).toBe(0)
  await expectAccessible(page, 'Mixtures, built by hand')

  await cellOf('law').click()
  await fieldOf('code').fill('7')
  const add = await placeOf(page.getByRole('button', { name: 'Add to the study' }))
  await page.mouse.click(add.x, add.y)
  await page.getByText('Picked: code*0.875+mail*0.125').waitFor()
  await page.locator('[data-mixture="code*0.875+mail*0.125"]').waitFor()
  expect(complaints).toEqual([])
})
