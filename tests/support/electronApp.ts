/** The real desktop application, in the tests' Electron, on a display of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { _electron } from '@playwright/test'
import type { ElectronApplication, Locator, Page } from '@playwright/test'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { openDisplay } from '../../scripts/display.mjs'
import { layElectron } from '../../scripts/setup/electron.mjs'
import { cacheFolder } from '../../scripts/setup/wheels.mjs'
import { temporaryFolder } from './temporaryFolder'

const NODE_16 = resolve('tests/support/node16.cjs')
/** The window draws without a GPU, and nothing but the loopback address has a name. */
const FLAGS = ['--no-sandbox', '--disable-gpu']

let program: string
let display: Awaited<ReturnType<typeof openDisplay>>

beforeAll(async () => {
  if (!existsSync('out/main/index.cjs')) throw new Error('build first: npm run build')
  program = join(await layElectron(cacheFolder(), () => undefined), 'electron')
  display = await openDisplay()
})
afterAll(() => display.close())

export interface DesktopOptions {
  /** Where it keeps its settings; a fresh folder unless given. */
  userData?: string
  /** The user's own folder; a fresh one unless given. */
  home?: string
  /** Variables of its environment beside the usual ones. */
  environment?: Record<string, string>
  /** File for Chromium's log of what it does on the network. */
  netLog?: string
  /** What is typed after the program's name. */
  args?: string[]
  /** A packaged program instead of the sources' build. */
  packaged?: string
}

/** Starting takes a second or two; on a busy machine ten. */
const LAUNCH_MS = 60_000

/**
 * Playwright's way to an Electron that starts is lost once in hundreds of times: the application is up, its debuggers
 * are connected, and the call goes on waiting. It ends the application then, which is started anew.
 */
async function launched(
  options: Parameters<typeof _electron.launch>[0],
  tries = 3
): Promise<ElectronApplication> {
  try {
    return await _electron.launch({ ...options, timeout: LAUNCH_MS })
  } catch (error) {
    if (tries <= 1 || !String(error).includes(`Timeout ${LAUNCH_MS}ms exceeded`)) throw error
    return launched(options, tries - 1)
  }
}

/** Starts the application; it is ended with the test. */
export async function launchDesktop(
  options: DesktopOptions = {}
): Promise<{ app: ElectronApplication; page: Page; userData: string; home: string }> {
  const userData = options.userData ?? (await temporaryFolder())
  const { args = [], packaged, netLog } = options
  // Projects that are made by name alone go there.
  const home = options.home ?? (await temporaryFolder())
  const flags = netLog ? [...FLAGS, `--log-net-log=${netLog}`] : FLAGS
  const app = await launched({
    executablePath: packaged ?? program,
    args: packaged ? [...flags, ...args] : [...flags, '-r', NODE_16, '.', ...args],
    env: { ...environment(userData), ...options.environment, HOME: home }
  })
  // A test may have closed it; one that failed may have left it asking something.
  const child = app.process()
  onTestFinished(async () => {
    const ended = exitOf(child)
    child.kill('SIGKILL')
    await ended
  })
  const page = await app.firstWindow()
  page.setDefaultTimeout(20_000)
  return { app, page, userData, home }
}

/** Starts the program a second time, beside one that runs; it ends by itself. */
export async function startAgain(userData: string, args: string[] = []): Promise<number | null> {
  const child = spawn(program, [...FLAGS, '-r', NODE_16, '.', ...args], {
    env: environment(userData),
    stdio: 'ignore'
  })
  return new Promise((done) => child.once('exit', done))
}

/** What makes `assay open` take the tests' Electron, with settings of its own. */
export async function openEnvironment(): Promise<NodeJS.ProcessEnv> {
  return {
    ...environment(await temporaryFolder()),
    ELECTRON_OVERRIDE_DIST_PATH: dirname(program),
    NODE_OPTIONS: `--require ${NODE_16}`
  }
}

function environment(userData: string): Record<string, string> {
  const { NODE_OPTIONS: _, ...inherited } = process.env
  return {
    ...(inherited as Record<string, string>),
    DISPLAY: display.screen,
    ASSAY_USER_DATA: userData
  }
}

/** Answers the next dialogs of the system with these, and keeps what they said. */
export async function answerDialogs(
  app: ElectronApplication,
  answers: { response?: number; filePath?: string }
): Promise<void> {
  await app.evaluate(({ dialog }, { response = 0, filePath = '' }) => {
    const said: string[] = []
    Object.assign(globalThis, { said })
    const tell = (...given: unknown[]) => {
      const options = given.at(-1) as { message?: string; title?: string }
      said.push(options.message ?? options.title ?? '')
    }
    Object.assign(dialog, {
      showMessageBox: async (...given: unknown[]) => (tell(...given), { response }),
      showOpenDialog: async (...given: unknown[]) => (
        tell(...given),
        { canceled: filePath === '', filePaths: filePath === '' ? [] : [filePath] }
      ),
      showSaveDialog: async (...given: unknown[]) => (
        tell(...given),
        { canceled: filePath === '', filePath }
      )
    })
  }, answers)
}

/** What the answered dialogs said. */
export function dialogsSaid(app: ElectronApplication): Promise<string[]> {
  return app.evaluate(() => (globalThis as unknown as { said: string[] }).said)
}

/** Chooses an item of the native menu. */
export async function chooseMenu(app: ElectronApplication, id: string): Promise<void> {
  await app.evaluate(({ Menu }, item) => {
    Menu.getApplicationMenu()!.getMenuItemById(item)!.click()
  }, id)
}

/** True where an item of the native menu can be chosen now. */
export function canChoose(app: ElectronApplication, id: string): Promise<boolean> {
  return app.evaluate(
    ({ Menu }, item) => Menu.getApplicationMenu()!.getMenuItemById(item)!.enabled,
    id
  )
}

/** Number of open windows. */
export function windowCount(app: ElectronApplication): Promise<number> {
  return app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)
}

/** Process id of the engine. */
export function enginePid(app: ElectronApplication): Promise<number> {
  return app.evaluate(({ app: electron }) => {
    const engine = electron.getAppMetrics().find(({ type }) => type === 'Utility')
    return electron.getAppMetrics().find(({ name }) => name === 'Assay engine')?.pid ?? engine!.pid
  })
}

interface TrayIcon {
  tray: Electron.Tray
  menu: Electron.Menu
}

/** From now on {@link trayState} and {@link clickTray} know the application's icon in the tray. */
export async function watchTray(app: ElectronApplication): Promise<void> {
  await app.evaluate(({ Menu, Tray }) => {
    const icons: Partial<TrayIcon>[] = []
    Object.assign(globalThis, { icons })
    let built: Electron.Menu | undefined
    const build = Menu.buildFromTemplate
    Menu.buildFromTemplate = (template) => (built = build(template))
    // A tray's own methods stand on itself; what it is listened to by is inherited.
    const listen = Tray.prototype.on as (...given: unknown[]) => Electron.Tray
    Tray.prototype.on = function (this: Electron.Tray, ...given: unknown[]) {
      icons.push({ tray: this, menu: built! })
      return listen.apply(this, given)
    } as typeof Tray.prototype.on
  })
}

/** How many icons stand in the tray, and what the menu of the last one offers. */
export function trayState(app: ElectronApplication): Promise<{ icons: number; items: string[] }> {
  return app.evaluate(() => {
    const { icons } = globalThis as unknown as { icons: TrayIcon[] }
    return {
      icons: icons.filter(({ tray }) => !tray.isDestroyed()).length,
      items: icons.at(-1)?.menu.items.map(({ label }) => label) ?? []
    }
  })
}

/** Chooses an item of the tray icon's menu; the icon itself where there is no label. */
export async function clickTray(app: ElectronApplication, label: string | null): Promise<void> {
  await app.evaluate((_, item) => {
    const { icons } = globalThis as unknown as { icons: TrayIcon[] }
    const { tray, menu } = icons.at(-1)!
    if (item === null) tray.emit('click')
    else menu.items.find((one) => one.label === item)!.click()
  }, label)
}

/** Presses what copies, and gives what it copied; a page may copy only while it has the focus. */
export async function copyInDesktop(app: ElectronApplication, button: Locator): Promise<string> {
  await app.evaluate(({ BrowserWindow, clipboard }) => {
    clipboard.clear()
    BrowserWindow.getAllWindows()[0]!.focus()
  })
  await button.click()
  const copied = () => app.evaluate(({ clipboard }) => clipboard.readText())
  await expect.poll(copied).not.toBe('')
  return copied()
}

/** Quits as a user does, and waits for the end. */
export function quit(app: ElectronApplication): Promise<void> {
  return endOf(app, () => app.evaluate(({ app: electron }) => electron.quit()))
}

/** Does what makes the application end, and waits for that. */
export async function endOf(app: ElectronApplication, deed: () => Promise<unknown>): Promise<void> {
  const ended = exitOf(app.process())
  // The answer may not come back: the process ends.
  await deed().catch(() => undefined)
  await ended
}

/** Text of the page, even of one that was loaded again after a crash; empty while it is crashed. */
export async function pageText(app: ElectronApplication): Promise<string> {
  const text = app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript('document.body.innerText')
  ) as Promise<string | undefined>
  // A page that crashes meanwhile answers never.
  const nothing = new Promise<string>((done) => setTimeout(() => done(''), 1000))
  return (await Promise.race([text, nothing])) ?? ''
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((done) => child.once('exit', done))
}
