import { existsSync } from 'node:fs'
import { cp, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Inspection } from '#shared/modelInspection'
import { expectAccessible } from '../support/accessibility'
import { dropFiles, newProject, openWindow, show } from '../support/browserWindow'
import { pressKey, tabTo, typeOver } from '../support/byKeyboard'
import { assayDone } from '../support/commandLine'
import { answerDialogs, launchDesktop, quit } from '../support/electronApp'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

/** A project whose seed, branches and one mixture are trained. */
let home: string
let trained: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'assay-test-'))
  const sequential = { choose: { kind: 'list' as const, mixtures: ['code+law'] } }
  trained = await newProject(60, { sequential }, home)
  await assayDone(['run', trained])
})
afterAll(() => rm(home, { recursive: true, force: true }))

/** A copy of the project: what is written in one test is not there in another. */
async function ownProject(): Promise<string> {
  const project = join(await temporaryFolder(), 'languages')
  await cp(trained, project, { recursive: true })
  return project
}

async function checkpoints(
  project: string
): Promise<{ name: string; role: string; path: string }[]> {
  const { runs } = JSON.parse(await readFile(join(project, 'project.assay'), 'utf8')) as {
    runs: { fingerprint: string; name: string; role: string }[]
  }
  return runs.map(({ fingerprint, name, role }) => ({
    name,
    role,
    path: join(project, 'runs', fingerprint, 'checkpoint')
  }))
}

const table = (page: Page) => page.getByRole('group', { name: 'Models of the study' })
const rows = (page: Page) =>
  page.getByRole('grid', { name: 'Models of the study' }).locator('tbody tr')
const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText())

test('by keyboard: models are listed, looked into as the command line does, merged and written', async () => {
  const project = await ownProject()
  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  const button = (words: string | RegExp) => page.getByRole('button', { name: words, exact: true })
  await page.locator('[data-mixture]').first().waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('o')
  await page.getByRole('heading', { name: 'What is in these models?' }).waitFor()
  await page.getByText('5 of 5 models').waitFor()
  await expectAccessible(page, 'Models, nothing inspected')

  // Found, sorted, copied.
  await page.keyboard.press('/')
  await page.keyboard.type('branch -law')
  await page.getByText('2 of 5 models').waitFor()
  expect(await rows(page).count()).toBe(2)
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await pressKey(page, button('Model'))
  await pressKey(page, button('Model ▴'))
  expect(await rows(page).first().locator('td').first().innerText()).toBe('seed')
  await pressKey(page, button('Model ▾'))
  await pressKey(page, button('Copy models as CSV'))
  await page.getByText('Copied', { exact: true }).waitFor()
  expect((await copied(page)).split('\r\n').length).toBe(7)

  // Four models, looked into.
  await tabTo(page, table(page))
  await page.keyboard.press('Home')
  await page.keyboard.press('Space')
  for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowDown')
  await page.getByText('5 of 5 models, 4 selected').waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('These models may be merged. They come of one ancestor.').waitFor()
  const own = await checkpoints(project)
  const paths = ['seed', 'code#1', 'law#1', 'mail#1'].map(
    (name) => own.find((one) => one.name === name)!.path
  )
  const told = JSON.parse(await assayDone(['inspect', ...paths, '--json'])) as Inspection
  const facts = page.getByRole('region', { name: 'Facts of the models' })
  const parameters = String(told.models[0]!.parameters).replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009')
  expect(await facts.getByText(parameters, { exact: false }).count()).toBe(1)
  const lineage = page.getByRole('img', { name: /^Lineage/ })
  expect(await lineage.getAttribute('aria-label')).toMatch(/law#1 was trained from seed/)
  expect(await lineage.locator('g.node').count()).toBe(5)
  const cosine = told.distances!.cosines[0]![1]!
  await page
    .locator('title', { hasText: `seed and code#1: ${cosine}` })
    .first()
    .waitFor({ state: 'attached' })
  await expectAccessible(page, 'Models, four inspected')

  // Tensors: another model, found by words, with every digit.
  await page.getByRole('combobox', { name: 'of', exact: true }).selectOption('law#1')
  await typeOver(page, page.getByLabel('Find tensors'), 'mlp down')
  await pressKey(page, button('Copy tensors as CSV'))
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  const [head, ...lines] = (await copied(page))
    .trim()
    .split('\r\n')
    .map((line) => line.split(','))
  const law = told.models[2]!.tensors.filter(({ name }) => /mlp.*down/.test(name))
  expect(lines.map((line) => line[head!.indexOf('tensor')])).toEqual(law.map(({ name }) => name))
  expect(lines.map((line) => Number(line[head!.indexOf('mean')]))).toEqual(
    law.map(({ values }) => values!.mean)
  )

  // A merge: refused where it cannot be, foreseen, done, and listed.
  await pressKey(page, button('Merge … (4)'))
  const sheet = page.getByRole('dialog', { name: 'Merge models' })
  await sheet.getByText(/Into exports/).waitFor()
  await typeOver(page, sheet.getByLabel('weight of code#1'), '3')
  await sheet.getByRole('cell', { name: '0.500', exact: true }).waitFor()
  await expectAccessible(page, 'Merge models')
  await sheet.getByLabel('method').selectOption('slerp')
  await sheet.getByText('Fill in the how far from first to second (t).').waitFor()
  await sheet.getByLabel('method').selectOption('task_arithmetic')
  await typeOver(page, sheet.getByLabel('weight of law#1'), 'much')
  await sheet.getByText('The weight of law#1 is a number; found “much”.').waitFor()
  expect(await sheet.getByRole('button', { name: 'Merge', exact: true }).isDisabled()).toBe(true)
  await typeOver(page, sheet.getByLabel('weight of law#1'), '0.5')
  await typeOver(page, sheet.getByLabel('name'), 'all three')
  await sheet.getByText(/Into exports\/.*\/all three of the project/).waitFor()
  await pressKey(page, sheet.getByRole('button', { name: 'Merge', exact: true }))
  await sheet.getByText(/^Written:/).waitFor()
  await pressKey(page, sheet.getByRole('button', { name: 'Done' }))
  await page.getByText('6 of 6 models').waitFor()
  const exports = join(project, 'exports', await studyName(project))
  const merge = JSON.parse(
    await readFile(join(exports, 'all three', 'merge.json'), 'utf8')
  ) as object
  expect(merge).toMatchObject({ method: 'task_arithmetic', startedFrom: { name: 'seed' } })

  // Written in another type.
  await rows(page).nth(2).click()
  await button('Export …').click()
  const writing = page.getByRole('dialog', { name: 'Export models' })
  await writing.getByLabel('values').selectOption('BF16')
  await expectAccessible(page, 'Export models')
  await writing.getByRole('button', { name: 'Export', exact: true }).click()
  await writing.getByText('Written: 1 model.').waitFor()
  await writing.getByRole('button', { name: 'Done' }).click()
  await page.getByText('7 of 7 models').waitFor()
  const [folder] = (await rows(page).allInnerTexts()).flatMap((text) =>
    text.includes('run, written') ? [/exports\/[^\t\n]+/.exec(text)![0]] : []
  )
  expect(JSON.parse(await readFile(join(project, folder!, 'config.json'), 'utf8'))).toMatchObject({
    torch_dtype: 'bfloat16'
  })
  expect(complaints).toEqual([])
}, 240_000)

async function studyName(project: string): Promise<string> {
  const { studies } = JSON.parse(await readFile(join(project, 'project.assay'), 'utf8')) as {
    studies: { name: string }[]
  }
  return studies[0]!.name
}

test('dropped checkpoints become a study of the project, placed by hand', async () => {
  const project = await ownProject()
  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)
  await page.locator('[data-mixture]').first().waitFor()
  await show(page, 'Models')
  await page.getByText('5 of 5 models').waitFor()

  // Nothing to import in it.
  const notes = await temporaryFolder()
  await writeFile(join(notes, 'notes.txt'), 'no model')
  await dropFiles(page, [notes])
  const sheet = page.getByRole('dialog', { name: 'Import checkpoints' })
  await sheet.getByText(/holds no checkpoint/).waitFor()
  await sheet.getByRole('button', { name: 'Close', exact: true }).last().click()

  // Loose folders: what they are of is said in the sheet.
  const folder = await temporaryFolder()
  for (const { name, role, path } of await checkpoints(trained)) {
    const place =
      role === 'branch' ? name.replace('#1', '-final') : name === 'seed' ? 'seed' : 'both'
    await mkdir(join(folder, place), { recursive: true })
    await cp(path, join(folder, place), { recursive: true })
  }
  await dropFiles(
    page,
    ['seed', 'law-final', 'code-final', 'mail-final', 'both'].map((one) => join(folder, one))
  )
  await sheet.getByText('5 checkpoints found').waitFor()
  await sheet.getByLabel('Partition of law-final').fill('law')
  await sheet.getByLabel('Partition of code-final').fill('code')
  await sheet.getByLabel('Take mail-final').uncheck()
  await sheet.getByLabel('Role of both').selectOption('sequential')
  await sheet.getByText('both: say of which mixture it is').waitFor()
  await sheet.getByLabel('Mixture of both').fill('law+mail')
  await sheet.getByText('both: “mail” has no branch among these.').waitFor()
  await sheet.getByLabel('Mixture of both').fill('code+law')
  await sheet.getByLabel('name of the study').fill('taken')
  await expectAccessible(page, 'Import checkpoints')
  await sheet.getByRole('button', { name: 'Import', exact: true }).click()
  await sheet.getByText('Imported as the study “taken”: 2 branches, 1 sequential model.').waitFor()
  await sheet.getByRole('button', { name: 'Done' }).click()
  await page.getByText('4 of 4 models').waitFor()
  const texts = await rows(page).allInnerTexts()
  expect(
    texts.map((text) =>
      text
        .split('\t')
        .map((one) => one.trim())
        .slice(0, 3)
    )
  ).toEqual([
    ['seed', 'seed', ''],
    ['law#1', 'branch', 'law'],
    ['code#1', 'branch', 'code'],
    ['code+law (sum)', 'sequential', 'code+law']
  ])
  expect(texts[1]).toContain('law-final')
  // The models of the study are looked into, though it has no text yet.
  await rows(page).nth(1).click()
  await page.getByRole('button', { name: 'Inspect', exact: true }).click()
  await page.getByRole('heading', { name: 'law#1' }).waitFor()
  expect(await page.getByRole('img', { name: /^Lineage/ }).getAttribute('aria-label')).toMatch(
    /law#1 was trained from seed/
  )
  expect(complaints).toEqual([])
}, 240_000)

test('on the desktop a chosen folder is read where it lies, and what is written is shown there', async () => {
  const folder = await temporaryFolder()
  const project = join(folder, 'taken')
  const source = join(folder, 'checkpoints')
  for (const { name, role, path } of await checkpoints(trained)) {
    const place = role === 'branch' ? join('branches', name.split('#')[0]!) : name
    if (role === 'sequential') continue
    await mkdir(join(source, place), { recursive: true })
    await cp(path, join(source, place), { recursive: true })
  }
  const { app, page } = await launchDesktop()
  await answerDialogs(app, { filePath: project })
  await page.getByRole('button', { name: 'New project elsewhere …' }).click()
  await page.getByText('taken').first().waitFor()
  await page.getByLabel('Folder of checkpoints').setInputFiles(source)
  const sheet = page.getByRole('dialog', { name: 'Import checkpoints' })
  await sheet.getByText('4 checkpoints found').waitFor()
  // Nothing was streamed: the engine was told where the folder lies.
  expect(existsSync(join(project, 'cache', 'drops'))).toBe(false)
  await sheet.getByRole('button', { name: 'Import', exact: true }).click()
  await sheet.getByText('Imported as the study “models”: 3 branches').waitFor()
  await sheet.getByRole('button', { name: 'Done' }).click()
  await page.getByText('4 of 4 models').waitFor()

  await app.evaluate(({ shell }) => {
    const shown: string[] = []
    Object.assign(globalThis, { shown })
    shell.showItemInFolder = (path) => void shown.push(path)
  })
  await rows(page).nth(1).click()
  await rows(page)
    .nth(2)
    .click({ modifiers: ['ControlOrMeta'] })
  await page.getByRole('button', { name: 'Merge … (2)' }).click()
  const merging = page.getByRole('dialog', { name: 'Merge models' })
  await merging.getByText(/^Into/).waitFor()
  await merging.getByRole('button', { name: 'Merge', exact: true }).click()
  await merging.getByText(/^Written:/).waitFor()
  await merging.getByRole('button', { name: 'Reveal in folder' }).click()
  const shown = () => app.evaluate(() => (globalThis as unknown as { shown: string[] }).shown)
  await expect.poll(shown).toEqual([join(project, 'exports/models/merge')])
  await quit(app)
}, 240_000)
