import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builtEngine, tinyProject } from '../support/builtEngine'
import type { StudyDraft } from '#shared/records'
import { expectAccessible } from '../support/accessibility'
import { copyBy, newProject, openWindow, show } from '../support/browserWindow'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

test('a form says what it asks for while it is filled in, and what runs stays as it is', async () => {
  const project = join(await temporaryFolder(), 'project')
  const engine = builtEngine()
  await (await tinyProject(engine, project)).close()
  await engine.close()
  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  await show(page, 'Training')
  const sheet = page.getByRole('dialog', { name: 'Study' })
  const demand = sheet.locator('.demand')
  const open = async () => {
    await page.getByRole('button', { name: 'Edit study' }).click()
    await demand.waitFor()
  }

  await open()
  await expect.poll(() => demand.innerText()).toMatch(/^At least \d+ runs .* 3 mixtures a proxy/)
  await sheet.getByLabel('partitions').first().selectOption('some')
  await sheet.getByRole('checkbox', { name: 'law' }).uncheck()
  await sheet.getByText('1 of 2 chosen').waitFor()
  await expect.poll(() => demand.innerText()).toContain('1 mixture a proxy')
  await sheet.getByRole('button', { name: 'None', exact: true }).click()
  await expect.poll(() => demand.innerText()).toContain('partitions')
  await sheet.getByRole('button', { name: 'All', exact: true }).click()
  const earlier = sheet.getByLabel('branches kept earlier, at shares')
  await earlier.fill('0.25, 2')
  await earlier.blur()
  await expect.poll(() => demand.innerText()).toContain('evaluation.branchCheckpoints')
  await earlier.fill('0.25, 0.5')
  await earlier.blur()
  await expect.poll(() => demand.innerText()).toContain('3 mixtures a proxy')
  await sheet.getByRole('button', { name: 'Show as JSON' }).click()
  const json = await sheet.getByLabel('The study as JSON').inputValue()
  expect(JSON.parse(json)).toMatchObject({ evaluation: { branchCheckpoints: [0.25, 0.5] } })
  await page.keyboard.press('Escape')

  // Stopped amid training, its tokens stay counted.
  await page.getByRole('button', { name: 'Run study' }).click()
  const trained = page.getByRole('progressbar', { name: 'Trained share of all runs' })
  const tokens = () => trained.evaluate((bar: HTMLProgressElement) => bar.value)
  await expect.poll(tokens, { timeout: 30_000 }).toBeGreaterThan(0)
  await open()
  await sheet.getByText('It is running, and stays as it is meanwhile').waitFor()
  expect(await sheet.getByRole('button', { name: 'Save the study' }).isDisabled()).toBe(true)
  await sheet.getByLabel('name').first().fill('another')
  await sheet.getByRole('button', { name: 'Add the study' }).waitFor()
  await sheet.getByLabel('name').first().fill('small')
  await sheet.getByRole('button', { name: 'Stop' }).click()
  await expect
    .poll(() => sheet.getByRole('button', { name: 'Save the study' }).isDisabled())
    .toBe(false)
  await expect.poll(() => demand.innerText()).toMatch(/^\d+ runs of/)
  await page.keyboard.press('Escape')
  expect(await tokens()).toBeGreaterThan(0)
  expect(complaints).toEqual([])
})

test('a trainer that nobody confirmed is shown, with what to do at the machine', async () => {
  const trainer = { command: '/bin/true {out}' }
  const { link } = await serveProject(await newProject(60, { trainer } as Partial<StudyDraft>))
  const { page, complaints } = await openWindow(link)
  await page.getByRole('button', { name: 'Run study' }).click()
  const alert = page.getByRole('alert')
  await alert.getByText('/bin/true {out}').waitFor()
  expect(await alert.innerText()).toContain("assay run . --study='small' --trust-commands")
  await expectAccessible(page, 'an unconfirmed trainer')
  // No window that came over a network has a button for it.
  await alert.getByRole('button', { name: 'Show the commands …' }).click()
  const sheet = page.getByRole('dialog', { name: 'Commands of small' })
  await sheet.getByRole('cell', { name: '/bin/true {out}' }).waitFor()
  await sheet.getByText('Nothing that comes over a network can confirm them').waitFor()
  expect(await sheet.getByRole('button', { name: 'Confirm' }).count()).toBe(0)
  expect(await copyBy(page, sheet.getByRole('button', { name: 'Copy the call' }))).toBe(
    "assay run . --study='small' --trust-commands"
  )
  await expectAccessible(page, 'commands that this window cannot confirm')
  await page.keyboard.press('Escape')
  await show(page, 'Training')
  await page.getByRole('button', { name: 'Commands', exact: true }).click()
  await sheet.waitFor()
  expect(complaints).toEqual([])
})

test('a study goes from its cluster to this machine and back in a browser, with its commands', async () => {
  const executor = { kind: 'slurm' as const, partition: 'gpu', setup: ['module load cuda'] }
  const { link } = await serveProject(await newProject(60, { executor }))
  const { page, complaints } = await openWindow(link)
  const sheet = page.getByRole('dialog', { name: 'Study' })
  const where = sheet.getByLabel('runs are trained and measured')
  const setTo = async (kind: 'local' | 'slurm') => {
    await page.getByRole('button', { name: 'Edit study' }).click()
    await where.selectOption(kind)
  }
  const save = async () => {
    await sheet.getByRole('button', { name: 'Save the study' }).click()
    await sheet.waitFor({ state: 'detached' })
  }
  await setTo('local')
  await sheet.getByText('the cluster’s settings are kept').waitFor()
  await save()
  await setTo('local')
  await sheet.getByText('the cluster’s settings are kept').waitFor()
  await expectAccessible(page, 'a form that keeps a cluster')
  await where.selectOption('slurm')
  const setup = sheet.getByLabel('lines before the work')
  expect([await setup.isDisabled(), await setup.inputValue()]).toEqual([true, 'module load cuda'])
  await save()
  await setTo('slurm')
  expect(await setup.inputValue()).toBe('module load cuda')
  expect(await sheet.getByLabel('partition', { exact: false }).last().inputValue()).toBe('gpu')
  expect(complaints).toEqual([])
})
