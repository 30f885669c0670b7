import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '#engine/studies/tables'
import { expectAccessible } from '../support/accessibility'
import {
  dropFiles,
  firstRun,
  newProject,
  runStudy,
  show,
  tableRows
} from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { SHELLS, openListed, openShell } from '../support/shells'
import { writeCorpus } from '../support/tinyCorpus'

/** A project whose study was run from the command line, and its pairs: what both shells must come to. */
let folder: string
let trained: string
let pairs: Row[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'))
  trained = await newProject(60, {}, folder)
  await assayDone(['run', trained])
  pairs = await tableRows(trained, 'pairs', folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const OLD = 'tests/golden/projects/version-1.assay'

test.each(SHELLS)(
  'in the %s: a study that is quit amid training goes on where it was, to the numbers of the command line',
  async (name) => {
    const made = await newProject()
    const shell = await openShell(name, (folder) => rename(made, join(folder, 'languages')))
    const project = join(shell.projects, 'languages')
    await shell.open('languages')
    await shell.page.getByRole('button', { name: 'Run study' }).click()
    await firstRun(project)
    await shell.quit()
    expect(existsSync(join(project, 'lock.json'))).toBe(false)
    const before = (await readdir(join(project, 'runs'))).sort()
    expect(await assayDone(['status', project])).not.toContain('8 of 8 trained')

    const page = await shell.reopen('languages')
    await page.getByRole('button', { name: 'Run study' }).waitFor()
    await runStudy(page)
    await page.getByText('8 of 8 runs done').waitFor()
    await shell.quitClean()
    expect(await readdir(join(project, 'runs'))).toEqual(expect.arrayContaining(before))
    expect(await tableRows(project, 'pairs')).toEqual(pairs)
  },
  240_000
)

test.each(SHELLS)(
  'in the %s: projects are opened, brought up to date, copied, listed, and refused while another holds them',
  async (name) => {
    const made = await newProject()
    const shell = await openShell(name, async (folder) => {
      await rename(made, join(folder, 'languages'))
      await mkdir(join(folder, 'old'))
      await cp(OLD, join(folder, 'old', 'project.assay'))
    })
    const { page, projects } = shell
    const start = page.getByRole('heading', { name: 'What is a data mixture worth' })
    const close = async () => {
      await page.getByRole('button', { name: 'Close project' }).click()
      await start.waitFor()
    }

    // Its records as they were are kept beside those of this version.
    await shell.open('old')
    await page.getByText('All changes are saved').waitFor()
    expect(await page.title()).toBe('old – Assay')
    const read = (file: string) => readFile(join(projects, 'old', file), 'utf8')
    expect(await read('project.version-1.assay-backup')).toBe(await readFile(OLD, 'utf8'))
    expect(JSON.parse(await read('project.assay'))).toMatchObject({ version: 4 })
    await close()
    const entry = page.getByRole('listitem').filter({ hasText: 'old' })
    await entry.getByText('2 partitions · 1 study').waitFor()

    // A copy stands on its own, and is listed with the others.
    await shell.open('languages')
    await page.getByRole('button', { name: 'Run study' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Command' }).fill('save a copy')
    await page.keyboard.press('Enter')
    const sheet = page.getByRole('dialog', { name: 'Save a copy' })
    await sheet.getByLabel('name').fill('tongues')
    await sheet.getByRole('button', { name: 'Save the copy' }).click()
    await sheet.getByText('Made tongues').waitFor()
    await sheet.getByRole('button', { name: 'Done' }).click()
    await close()
    const entries = await page.getByRole('button', { name: /^Open \w+$/ }).all()
    expect(entries.length).toBe(3)
    const kept = async (title: string) =>
      (await readdir(join(projects, title), { recursive: true }))
        .filter((path) => !/^(lock\.json|cache)/.test(path))
        .sort()
    expect(await kept('tongues')).toEqual(await kept('languages'))

    // What another process writes may only be looked at, until it is given free.
    const other = await serveProject(join(projects, 'tongues'))
    await openListed(page, 'tongues')
    await page.getByRole('alert').getByText(`process ${other.child.pid}`).waitFor()
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await page.getByRole('button', { name: 'Open tongues to look only' }).click()
    await page.getByText('read-only').waitFor()
    await close()
    await other.end()
    await openListed(page, 'tongues')
    await page.getByText('All changes are saved').waitFor()
    expect(await page.title()).toBe('tongues – Assay')
    await shell.quitClean()
  }
)

/** Opens what a command of the palette leads to. */
async function command(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.keyboard.type(words)
  await page.keyboard.press('Enter')
}

test.each(SHELLS)(
  'in the %s: no screen and no sheet breaks a rule of accessibility, light or dark',
  async (name) => {
    const lay = (projects: string) => cp(trained, join(projects, 'languages'), { recursive: true })
    const shell = await openShell(name, lay)
    const { page } = shell
    await shell.open('languages')
    await page.locator('[data-column]').first().waitFor()
    await page.getByRole('grid', { name: 'Mixtures' }).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('button', { name: 'code in the mixture that is built' }).click()
    await page.getByText('code is in the study.').waitFor()
    await expectAccessible(page, 'Mixtures')
    await show(page, 'Catalogue')
    await page.getByRole('gridcell', { name: 'law', exact: true }).click()
    await page.getByText('60 of 60 documents').waitFor()
    await expectAccessible(page, 'Catalogue')
    await show(page, 'Training')
    await page.getByRole('meter', { name: 'Memory' }).waitFor()
    await expectAccessible(page, 'Training')
    await show(page, 'Evidence')
    await page.getByRole('heading', { name: 'The headline, proxy by proxy' }).waitFor()
    await expectAccessible(page, 'Evidence')
    await page.getByRole('button', { name: 'Enlarge law' }).click()
    await expectAccessible(page, 'a panel at full size')
    await page.keyboard.press('Escape')

    await page.keyboard.press('Control+k')
    await expectAccessible(page, 'Commands')
    await page.keyboard.press('Escape')
    const sheets = {
      'Edit the study': 'Study',
      'Save a copy': 'Save a copy',
      'Bundle the results': 'Bundle the results',
      'Devices: what': 'Devices',
      'Log of what': 'Log',
      Settings: 'Settings',
      'Keyboard shortcuts': 'Keyboard shortcuts',
      ...(name === 'desktop' ? { 'Connect to a remote engine': 'Connect to a remote engine' } : {})
    }
    for (const [words, title] of Object.entries(sheets)) {
      await command(page, words)
      const sheet = page.getByRole('dialog', { name: title, exact: true })
      await sheet.waitFor()
      if (title === 'Devices') await sheet.getByRole('cell', { name: 'tensorflow' }).waitFor()
      await expectAccessible(page, title)
      if (title === 'Study') {
        await sheet.getByRole('button', { name: 'Show as JSON' }).click()
        await expectAccessible(page, 'Study as JSON')
      }
      await page.keyboard.press('Escape')
      await sheet.waitFor({ state: 'detached' })
    }
    await dropFiles(page, [await writeCorpus(join(folder, name, 'more.jsonl'), { mail: 20 })])
    const sheet = page.getByRole('dialog', { name: 'Import text' })
    await sheet.getByRole('combobox', { name: 'are', exact: true }).selectOption('condition')
    await expectAccessible(page, 'Import text')
    await sheet.getByRole('combobox', { name: 'are', exact: true }).selectOption('one')
    await sheet.getByRole('button', { name: 'Import', exact: true }).click()
    await sheet.getByText('20 documents').waitFor()
    await expectAccessible(page, 'Import text, done')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Close project' }).click()
    await page.getByRole('button', { name: 'Open languages', exact: true }).waitFor()
    await expectAccessible(page, 'the start page')
    await shell.quitClean()
  }
)
