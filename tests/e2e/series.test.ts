import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility'
import { newProject, show } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { SHELLS, openShell } from '../support/shells'

/** A project that ran, three partitions of one unit each. */
let folder: string
let trained: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'))
  trained = await newProject(60, { sequential: { choose: { kind: 'all' } } }, folder)
  await assayDone(['run', trained])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test.each(SHELLS)(
  'in the %s: a setting is varied, priced before, run as a study, and read as the command line reads it',
  async (name) => {
    const shell = await openShell(name, (projects) =>
      cp(trained, join(projects, 'languages'), { recursive: true })
    )
    const { page } = shell
    const project = join(shell.projects, 'languages')
    await shell.open('languages')
    await page.locator('[data-mixture]').first().waitFor()
    const sheet = page.getByRole('dialog', { name: 'Vary a setting' })
    const add = sheet.getByRole('button', { name: 'Add the studies' })
    const kind = sheet.getByLabel('what is varied')

    // By the palette: sensible settings stand there, with what they would cost.
    await page.keyboard.press('Control+k')
    await page.keyboard.type('vary one')
    await page.keyboard.press('Enter')
    const rates = sheet.getByRole('textbox', { name: 'peak learning rates' })
    await expect.poll(() => rates.inputValue()).toMatch(/^[\d.]+(, [\d.]+){4}$/)
    await sheet.getByText(/^5 studies, \d+ runs of .* to train; \d+ of \d+ are there/).waitFor()
    await expectAccessible(page, 'Vary a setting')

    // What cannot be had is said at the field, and nothing can be added.
    await rates.fill('0.001, 7')
    await sheet.getByRole('alert').getByText('a learning rate is above 0').waitFor()
    expect([await rates.getAttribute('aria-invalid'), await add.isDisabled()]).toEqual([
      'true',
      true
    ])
    await expectAccessible(page, 'Vary a setting, a wrong value')
    await kind.selectOption('swap-one')
    await sheet.getByRole('alert').getByText('say which partitions are kept').waitFor()
    await sheet.getByRole('checkbox', { name: 'law' }).check()
    await sheet.getByText('swap-one code').or(sheet.getByText('swap-one law')).first().waitFor()
    await kind.selectOption('branch-rate')
    await rates.fill('0.001')
    await sheet.getByText(/^1 study, 3 runs of/).waitFor()
    await add.click()
    await sheet.waitFor({ state: 'detached' })

    // It is a study as any: run, then read.
    await show(page, 'Evidence')
    const series = page.getByRole('region', { name: 'One setting varied' })
    await series.getByText('3 runs left').waitFor()
    await series.getByRole('button', { name: /^Run .*branch-rate 0\.001$/ }).click()
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 120_000 })
    await series.getByText('3 runs left').waitFor({ state: 'detached' })
    await series
      .getByRole('img', { name: /Spearman’s ρ within sizes: merge-micro at 0.001/ })
      .waitFor()
    await expectAccessible(page, 'Evidence with a series')
    const copied = await shell.copy(series.getByRole('button', { name: 'Copy series as CSV' }))

    // All that is left by one press, one study after the other: no branch is trained by hand.
    await series.getByRole('button', { name: 'Vary a setting …' }).click()
    await kind.selectOption('no-seed')
    await sheet.getByRole('textbox', { name: 'of weights-and-moments' }).fill('weights, none')
    await sheet.getByText(/^2 studies, 6 runs of/).waitFor()
    await sheet.getByRole('button', { name: 'Add and run all' }).click()
    await sheet.waitFor({ state: 'detached' })
    await page.getByText('1 study after it').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 60_000 })
    // Goes on with what is left: both, unless the first had just ended.
    const rest = series.getByRole('button', { name: /^Run (all 2|.*no-seed none)$/ })
    await rest.first().click()
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 120_000 })
    await expect.poll(() => series.getByText(/runs? left/).count(), { timeout: 60_000 }).toBe(0)
    await series
      .getByRole('img', { name: /merge-micro at weights: .*merge-micro at none/ })
      .waitFor()
    await expectAccessible(page, 'Evidence after a whole series')

    // Each partition left out: bars; windows: lines; read at once, since all of it is measured.
    await page.getByRole('button', { name: 'Edit study' }).click()
    const form = page.getByRole('dialog', { name: 'Study' })
    await form.getByRole('button', { name: 'Vary a setting …' }).click()
    await kind.selectOption('leave-one-out')
    await sheet.getByText('3 of 3 chosen').waitFor()
    await sheet.getByLabel('mixtures trained as well').selectOption('none')
    await sheet.getByText(/nothing to train: all runs are there/).waitFor()
    await add.click()
    await sheet.waitFor({ state: 'detached' })
    await series.locator('svg .change').first().waitFor()
    expect(await series.locator('svg .change').count()).toBe(3)
    await series.getByRole('button', { name: 'Vary a setting …' }).click()
    await kind.selectOption('rolling-windows')
    await sheet.getByLabel('mixtures trained as well').selectOption('none')
    await sheet.getByText(/nothing to train/).waitFor()
    await add.click()
    await sheet.waitFor({ state: 'detached' })
    await series.locator('svg polyline').first().waitFor()
    await series
      .getByRole('combobox', { name: 'series', exact: true })
      .selectOption('leave-one-out')
    await series.locator('svg .change').first().waitFor()
    await expectAccessible(page, 'Evidence with several series')
    await shell.quitClean()

    const csv = join(shell.projects, 'rates.csv')
    await assayDone(['vary', project, 'branch-rate', '--result', '--csv', csv])
    expect(copied).toBe(await readFile(csv, 'utf8'))
  },
  300_000
)
