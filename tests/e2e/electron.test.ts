import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, readdir, rename } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ShellBridge } from '#shared/shell'
import { firstRun, newProject, runStudy, show } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import {
  answerDialogs,
  chooseMenu,
  clickTray,
  dialogsSaid,
  endOf,
  enginePid,
  launchDesktop,
  openEnvironment,
  pageText,
  quit,
  startAgain,
  trayState,
  watchTray,
  windowCount
} from '../support/electronApp'
import { holdWorkers } from '../support/heldWorkers'
import { serveProject } from '../support/servedProject'
import { soon } from '../support/soon'
import { openTunnel } from '../support/tunnel'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

const button = { run: { name: 'Run study' }, stop: { name: 'Stop', exact: true } } as const

test('training goes on without its window, which another start or the tray brings back, and is stopped from the tray', async () => {
  const project = await newProject()
  const { app, page, userData } = await launchDesktop()
  await watchTray(app)
  await answerDialogs(app, { filePath: project })
  await chooseMenu(app, 'open')
  await page.getByRole('button', button.run).click()
  await firstRun(project)
  const goOn = await holdWorkers(await enginePid(app))

  /** Closes the window to keep training, and brings it back: the same state. */
  const closeAndComeBack = async (shown: Page, comeBack: () => Promise<unknown>) => {
    await answerDialogs(app, { response: 0 })
    const closing = shown.waitForEvent('close')
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
    await closing
    expect(await dialogsSaid(app)).toEqual(['small is running.'])
    expect(await windowCount(app)).toBe(0)
    expect(await trayState(app)).toEqual({ icons: 1, items: ['Open Assay', 'Quit…'] })
    const opening = app.waitForEvent('window')
    await comeBack()
    const again = await opening
    await again.getByRole('button', button.stop).waitFor()
    expect(await again.title()).toBe('languages – Assay')
    expect((await trayState(app)).icons).toBe(0)
    return again
  }
  const second = await closeAndComeBack(page, () => startAgain(userData))
  const third = await closeAndComeBack(second, () => clickTray(app, 'Open Assay'))
  const fourth = await closeAndComeBack(third, () => clickTray(app, null))

  await answerDialogs(app, { response: 0 })
  const closing = fourth.waitForEvent('close')
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
  await closing
  // Quit, to be stopped: the study is not done, and nothing holds the project.
  await answerDialogs(app, { response: 1 })
  await endOf(app, async () => {
    await clickTray(app, 'Quit…')
    goOn()
  })
  expect(await assayDone(['status', project])).not.toContain('8 of 8 trained')
  expect(existsSync(join(project, 'lock.json'))).toBe(false)
}, 240_000)

test('an engine that is killed amid training is started again, and goes on; so does the window', async () => {
  const project = await newProject()
  const { app, page } = await launchDesktop({ args: [project] })
  await page.getByRole('button', button.run).click()
  await firstRun(project)
  const before = await enginePid(app)
  const goneFor = page.getByText('The engine does not answer').waitFor()
  const end = await holdWorkers(before)
  process.kill(before, 'SIGKILL')
  // They end as soon as they can tell that their engine is gone.
  end()
  await goneFor
  await soon(async () => expect(await enginePid(app)).not.toBe(before))
  const goOn = await holdWorkers(await enginePid(app))
  await page.getByRole('button', button.stop).waitFor()
  goOn()

  await show(page, 'Training')
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer()
  )
  // Loaded again: the same project, the same screen, and the study goes on to its end.
  await vi.waitFor(async () => expect(await pageText(app)).toContain('8 of 8 runs done'), {
    timeout: 60_000,
    interval: 500
  })
  expect(await pageText(app)).toContain('languages')
  await quit(app)
  expect(await assayDone(['status', project])).toContain('8 of 8 trained, 0 failed')
}, 240_000)

test('beside training that is kept another start opens another project, and a killed engine mixes up neither', async () => {
  const project = await newProject()
  const made = await newProject()
  const other = join(dirname(made), 'tongues')
  await rename(made, other)
  const { app, page, userData } = await launchDesktop({ args: [project] })
  await page.getByRole('button', button.run).click()
  await firstRun(project)
  const before = await enginePid(app)
  const end = await holdWorkers(before)
  await answerDialogs(app, { response: 0 })
  const closing = page.waitForEvent('close')
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
  await closing

  const opening = app.waitForEvent('window')
  expect(await startAgain(userData, [other])).toBe(0)
  const again = await opening
  await soon(async () => expect(await again.title()).toBe('tongues – Assay'))
  expect(await assayDone(['status', project])).not.toContain('8 of 8 trained')
  process.kill(before, 'SIGKILL')
  end()
  await vi.waitFor(
    async () => expect(await assayDone(['status', project])).toContain('8 of 8 trained'),
    { timeout: 60_000, interval: 1000 }
  )
  expect(await enginePid(app)).not.toBe(before)
  expect(await again.title()).toBe('tongues – Assay')
  expect(await readdir(join(other, 'runs')).catch(() => [])).toEqual([])
  // Whatever it still measures is stopped.
  await answerDialogs(app, { response: 1 })
  await quit(app)
}, 240_000)

test('the system is told: progress, no sleep while training, a word at the end to who looks elsewhere', async () => {
  const project = await newProject()
  const { app, page, userData } = await launchDesktop()
  await app.evaluate(({ BrowserWindow, Notification, powerSaveBlocker }) => {
    const told: unknown[] = []
    Object.assign(globalThis, { told })
    const window = BrowserWindow.getAllWindows()[0]!
    window.isFocused = () => false
    window.setProgressBar = (share: number) => void told.push(['progress', share])
    const start = powerSaveBlocker.start.bind(powerSaveBlocker)
    powerSaveBlocker.start = (type) => {
      told.push(['awake', type])
      return start(type)
    }
    const stop = powerSaveBlocker.stop.bind(powerSaveBlocker)
    powerSaveBlocker.stop = (id) => {
      told.push(['may sleep', powerSaveBlocker.isStarted(id)])
      return stop(id)
    }
    // Every notification has a `show` of its own: it is replaced when main listens to it.
    const listen = Notification.prototype.on as (...given: unknown[]) => Electron.Notification
    Notification.prototype.on = function (this: Electron.Notification, ...given: unknown[]) {
      this.show = () => void told.push(['notification', this.title])
      return listen.apply(this, given)
    } as typeof Notification.prototype.on
  })
  // Another start hands its project over to the window that is there.
  expect(await startAgain(userData, [project])).toBe(0)
  await page.getByRole('button', button.run).waitFor()
  expect(await windowCount(app)).toBe(1)
  await runStudy(page)
  const toldSoFar = () => app.evaluate(() => (globalThis as unknown as { told: unknown[][] }).told)
  const told = await soon(async () => {
    const all = await toldSoFar()
    expect(all.at(-1)?.[0]).toBe('notification')
    return all
  })
  const shares = told.filter(([what]) => what === 'progress').map(([, share]) => share as number)
  expect(told.filter(([what]) => what !== 'progress')).toEqual([
    ['awake', 'prevent-app-suspension'],
    ['may sleep', true],
    ['notification', 'small is done']
  ])
  expect([shares[0], shares.at(-1)]).toEqual([2, -1])
  expect(shares.some((share) => share > 0 && share <= 1)).toBe(true)
  const { recent, remembered } = {
    recent: JSON.parse(await readFile(join(userData, 'recent.json'), 'utf8')) as unknown,
    remembered: JSON.parse(await readFile(join(userData, 'window.json'), 'utf8')) as unknown
  }
  expect(recent).toMatchObject({ folders: [project] })
  expect(remembered).toMatchObject({ project: { path: project, isReadOnly: false } })
  await quit(app)
})

test('what is set is kept and followed: sleep, notifications, and what closing does', async () => {
  const project = await newProject()
  const { app, page, userData } = await launchDesktop({ args: [project] })
  // What a page says before it has an engine.
  const ahead = () => (window as unknown as { shell: ShellBridge }).shell.openedAhead()
  expect(await page.evaluate(ahead)).toBe('languages')
  await app.evaluate(({ powerSaveBlocker }) => {
    const told: string[] = []
    Object.assign(globalThis, { told })
    const start = powerSaveBlocker.start.bind(powerSaveBlocker)
    powerSaveBlocker.start = (type) => {
      told.push('awake')
      return start(type)
    }
  })
  const toldSoFar = () => app.evaluate(() => (globalThis as unknown as { told: string[] }).told)
  const openSettings = async (one: typeof page) => {
    await chooseMenu(app, 'settings')
    return one.getByRole('dialog', { name: 'Settings' })
  }
  const keptSettings = async () =>
    JSON.parse(await readFile(join(userData, 'settings.json'), 'utf8')) as unknown
  await page.getByRole('button', button.run).waitFor()
  const settings = await openSettings(page)
  await settings.getByLabel('the computer does not go to sleep').uncheck()
  await settings.getByLabel('the system tells when it ends').uncheck()
  await settings.getByLabel('keep training without it').check()
  await soon(async () =>
    expect(await keptSettings()).toEqual({
      notifies: false,
      staysAwake: false,
      whenClosing: 'keep'
    })
  )
  await page.keyboard.press('Escape')
  await page.getByRole('button', button.run).click()
  await firstRun(project)
  const goOn = await holdWorkers(await enginePid(app))
  expect(await toldSoFar()).toEqual([])
  await (await openSettings(page)).getByLabel('the computer does not go to sleep').check()
  await soon(async () => expect(await toldSoFar()).toEqual(['awake']))

  // Closed: nobody is asked, and training goes on.
  await answerDialogs(app, { response: 2 })
  const closing = page.waitForEvent('close')
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
  await closing
  expect(await dialogsSaid(app)).toEqual([])
  const opening = app.waitForEvent('window')
  expect(await startAgain(userData)).toBe(0)
  const again = await opening
  await again.getByRole('button', button.stop).waitFor()
  // Quit: it stops without asking; a question would be answered by staying.
  await (await openSettings(again)).getByLabel('stop safely, and quit').check()
  await soon(async () => expect(await keptSettings()).toMatchObject({ whenClosing: 'stop' }))
  goOn()
  await quit(app)
  expect(await assayDone(['status', project])).not.toContain('8 of 8 trained')

  // Started again: what was set is set, and nobody is told of the end.
  const second = await launchDesktop({ userData })
  await second.app.evaluate(({ BrowserWindow, Notification }) => {
    const shown: string[] = []
    Object.assign(globalThis, { shown })
    BrowserWindow.getAllWindows()[0]!.isFocused = () => false
    const listen = Notification.prototype.on as (...given: unknown[]) => Electron.Notification
    Notification.prototype.on = function (this: Electron.Notification, ...given: unknown[]) {
      shown.push(this.title)
      this.show = () => undefined
      return listen.apply(this, given)
    } as typeof Notification.prototype.on
  })
  await runStudy(second.page)
  await second.page.getByText('8 of 8 runs done').waitFor()
  await new Promise((done) => setTimeout(done, 1000))
  expect(
    await second.app.evaluate(() => (globalThis as unknown as { shown: string[] }).shown)
  ).toEqual([])
  await quit(second.app)
}, 240_000)

test('a new project is made where the user says, and reads dropped text where it lies', async () => {
  const folder = await temporaryFolder()
  const project = join(folder, 'speeches')
  const { app, page } = await launchDesktop()
  await answerDialogs(app, { filePath: project })
  await page.getByRole('button', { name: 'New project elsewhere …' }).click()
  await page.getByText('speeches').first().waitFor()
  expect(await dialogsSaid(app)).toEqual(['New project'])
  expect(existsSync(join(project, 'project.assay'))).toBe(true)

  const text = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 30 })
  await page.getByLabel('Files of text').setInputFiles(text)
  const sheet = page.getByRole('dialog', { name: 'Import text' })
  const importing = sheet.getByRole('button', { name: 'Import', exact: true })
  await importing.waitFor()
  // Nothing was streamed: the engine was told where the file lies.
  expect(existsSync(join(project, 'cache', 'drops'))).toBe(false)
  await importing.click()
  await sheet.getByText('30 documents').waitFor()
  await quit(app)
})

test('closed amid an import it asks, and goes on or gives it up as it is told', async () => {
  const folder = await temporaryFolder()
  const { app, page } = await launchDesktop()
  await answerDialogs(app, { filePath: join(folder, 'speeches') })
  await page.getByRole('button', { name: 'New project elsewhere …' }).click()
  await page.getByText('speeches').first().waitFor()
  const text = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 40_000 })
  await page.getByLabel('Files of text').setInputFiles(text)
  const sheet = page.getByRole('dialog', { name: 'Import text' })
  const importing = sheet.getByRole('button', { name: 'Import', exact: true })
  await answerDialogs(app, { response: 1 })
  const engine = await enginePid(app)
  await importing.click()
  const goOn = await holdWorkers(engine)
  await importing.waitFor({ state: 'hidden' })
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
  const asked = ['Something is going on in speeches.']
  await soon(async () => expect(await dialogsSaid(app)).toEqual(asked))
  expect(await windowCount(app)).toBe(1)

  await answerDialogs(app, { response: 0 })
  const quitting = quit(app)
  goOn()
  await quitting
  expect(existsSync(join(folder, 'speeches', 'lock.json'))).toBe(false)
})

test('assay open runs the desktop until it is told to end, and gives the project free', async () => {
  const project = await newProject()
  const child = spawn(process.execPath, [resolve('out/main/cli.cjs'), 'open', project], {
    env: await openEnvironment(),
    stdio: 'ignore'
  })
  const ended = new Promise((done) => child.once('exit', (status) => done(status)))
  onTestFinished(() => void child.kill('SIGKILL'))
  const lock = join(project, 'lock.json')
  const held = { timeout: 60_000, interval: 200 }
  await vi.waitFor(() => expect(existsSync(lock)).toBe(true), held)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(existsSync(lock)).toBe(false)
})

test('without a screen assay open serves the projects and says why', async () => {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...environment } = process.env
  const home = await temporaryFolder()
  const child = spawn(process.execPath, [resolve('out/main/cli.cjs'), 'open'], {
    env: { ...environment, HOME: home }
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  }
  await vi.waitFor(() => expect(said).toMatch(/http:\/\/127\.0\.0\.1:\d+\/#/), { timeout: 60_000 })
  expect(said).toContain('There is no screen here')
  expect(said).toContain(join(home, 'Assay'))
  const ended = new Promise((done) => child.once('exit', (status) => done(status)))
  child.kill('SIGINT')
  expect(await ended).toBe(0)
})

test('a remote engine is looked at by its link; a tunnel that breaks is shown, and comes back', async () => {
  const project = await newProject()
  const { link } = await serveProject(project)
  const { port, hash } = new URL(link)
  const tunnel = await openTunnel(Number(port))
  const { app, page } = await launchDesktop()
  await answerDialogs(app, { response: 0 })
  await page.getByRole('button', { name: 'Connect to a remote engine' }).click()
  const field = page.getByLabel('Link')
  const connect = page.getByRole('button', { name: 'Connect', exact: true })
  await field.fill('not a link')
  await connect.click()
  await page.getByText('This is no link of an engine').waitFor()
  await field.fill('http://192.0.2.1:8800/#token')
  await connect.click()
  await soon(async () =>
    expect(await dialogsSaid(app)).toEqual(['192.0.2.1:8800 is another computer.'])
  )
  await field.fill(`http://127.0.0.1:${tunnel.port}/#wrong`)
  await connect.click()
  await page.getByText('it refuses the token').waitFor()
  await field.fill(`http://127.0.0.1:${tunnel.port}/${hash}`)
  await connect.click()
  await page.getByText(`at 127.0.0.1:${tunnel.port}`).waitFor()
  await page.getByText('languages').first().waitFor()

  await tunnel.breakOff()
  await page.getByText('The engine does not answer').waitFor()
  await tunnel.mend()
  await page.getByText('The engine does not answer').waitFor({ state: 'hidden' })
  await page.getByText('languages').first().waitFor()
  await quit(app)
})

test('commands of a cluster are set on this machine, and not through a link', async () => {
  const project = await newProject()
  const { app, page } = await launchDesktop()
  await answerDialogs(app, { filePath: project })
  await page.getByRole('button', { name: 'New project elsewhere …' }).waitFor()
  await chooseMenu(app, 'open')
  const form = page.getByRole('dialog', { name: 'Study' })
  const setup = form.getByLabel('lines before the work')
  const chooseCluster = async () => {
    await page.getByRole('button', { name: 'Edit study' }).click()
    await form.getByLabel('runs are trained and measured').selectOption('slurm')
  }
  await chooseCluster()
  await setup.fill('module load cuda')
  await setup.blur()
  await form.getByText('The script that would be submitted').click()
  const script = form.getByRole('region', { name: 'Script that would be submitted' })
  await expect.poll(() => script.innerText()).toContain('\nmodule load cuda\n')
  // Put aside for this machine and saved, what was typed is there again.
  await form.getByLabel('runs are trained and measured').selectOption('local')
  await form.getByRole('button', { name: 'Save the study' }).click()
  await form.waitFor({ state: 'detached' })
  await chooseCluster()
  expect(await setup.inputValue()).toBe('module load cuda')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Close project' }).click()

  const { link } = await serveProject(await newProject())
  await page.getByRole('button', { name: 'Connect to a remote engine' }).click()
  await page.getByLabel('Link').fill(link)
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByText(`at ${new URL(link).host}`).waitFor()
  await chooseCluster()
  await form.getByText('a browser does not set them').waitFor()
  expect(await setup.isDisabled()).toBe(true)
  await quit(app)
})
