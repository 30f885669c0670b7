import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newProject } from '../support/browserWindow'
import { canChoose, chooseMenu, enginePid, launchDesktop, quit } from '../support/electronApp'
import { holdWorkers } from '../support/heldWorkers'
import { soon } from '../support/soon'
import { writeCorpus } from '../support/tinyCorpus'
import { temporaryFolder } from '../support/temporaryFolder'

test('every item of the menu does what it says', async () => {
  const project = await newProject()
  const { app, page } = await launchDesktop({ args: [project] })
  const run = page.getByRole('button', { name: 'Run study' })
  await run.waitFor()
  const choose = (id: string) => chooseMenu(app, id)

  const screens = {
    'show-catalogue': 'What have I got?',
    'show-training': 'How is it going?',
    'show-evidence': 'May I believe it?',
    'show-what-if': 'What if I mixed them so?',
    'show-mixtures': 'What is each mixture worth?'
  }
  for (const [id, heading] of Object.entries(screens)) {
    await choose(id)
    await page.getByRole('heading', { name: heading }).waitFor()
  }
  const sheets = {
    palette: 'Commands',
    settings: 'Settings',
    shortcuts: 'Keyboard shortcuts',
    devices: 'Devices',
    log: 'Log',
    'save-copy': 'Save a copy',
    bundle: 'Bundle the results',
    'check-files': 'Files of languages',
    commands: 'Commands of small',
    'connect-remote': 'Connect to a remote engine',
    'vary-study': 'Vary a setting',
    'edit-study': 'Study'
  }
  for (const [id, name] of Object.entries(sheets)) {
    await choose(id)
    const sheet = page.getByRole('dialog', { name, exact: true })
    await sheet.waitFor()
    if (id === 'edit-study') continue
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
  }
  await page.getByRole('spinbutton', { name: 'random seed', exact: true }).fill('7')
  await page.getByRole('button', { name: 'Save the study' }).click()
  await page.getByRole('button', { name: 'Undo changing' }).waitFor()
  await choose('undo')
  await page.getByRole('button', { name: 'Redo changing' }).waitFor()
  await choose('redo')
  await page.getByRole('button', { name: 'Undo changing' }).waitFor()

  const texts = await temporaryFolder()
  const text = await writeCorpus(join(texts, 'more.jsonl'), { sea: 10 })
  for (const [id, chosen] of [
    ['import-files', text],
    ['import-folder', texts]
  ] as const) {
    // Nobody touched the page for a while; asked of main, for Playwright's own asking is a gesture.
    const isTouched = () =>
      app.evaluate(
        ({ BrowserWindow }) =>
          BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript(
            'navigator.userActivation.isActive'
          ) as Promise<boolean>
      )
    await soon(async () => expect(await isTouched()).toBe(false))
    const choosing = page.waitForEvent('filechooser')
    await choose(id)
    await (await choosing).setFiles(chosen)
    const sheet = page.getByRole('dialog', { name: 'Import text' })
    await sheet.getByText('first 10 documents say').waitFor()
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
  }

  await app.evaluate(({ shell }) => {
    const shown: string[] = []
    Object.assign(globalThis, { shown })
    shell.showItemInFolder = (path) => void shown.push(path)
  })
  await choose('reveal')
  const shown = () => app.evaluate(() => (globalThis as unknown as { shown: string[] }).shown)
  await soon(async () => expect((await shown()).length).toBe(1))
  expect((await shown())[0]).toContain(project)

  await choose('run-study')
  const goOn = await holdWorkers(await enginePid(app))
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor()
  await soon(async () => expect(await canChoose(app, 'stop-study')).toBe(true))
  expect(await canChoose(app, 'run-study')).toBe(false)
  expect(await canChoose(app, 'check-files')).toBe(false)
  await choose('stop-study')
  goOn()
  await run.waitFor()

  await choose('close-project')
  await page.getByRole('heading', { name: 'Recent projects' }).waitFor()
  await soon(async () => expect(await canChoose(app, 'edit-study')).toBe(false))
  // A project opened lately is opened from its submenu.
  await app.evaluate(({ Menu }) =>
    Menu.getApplicationMenu()!.getMenuItemById('recent')!.submenu!.items[0]!.click()
  )
  await run.waitFor()
  expect(await page.title()).toBe('languages – Assay')
  await quit(app)
})
