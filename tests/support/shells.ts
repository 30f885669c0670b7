/** The same window in a browser and in the desktop application, for specs that hold in both. */
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { expect } from 'vitest'
import { copyBy, openWindow } from './browserWindow'
import {
  answerDialogs,
  chooseMenu,
  copyInDesktop,
  enginePid,
  launchDesktop,
  quit
} from './electronApp'
import { loopbackOnly } from './loopbackOnly'
import { serveFolder } from './servedProject'
import { temporaryFolder } from './temporaryFolder'

export const SHELLS = ['browser', 'desktop'] as const

/** An application that runs: its window, and the engine behind it. */
export interface Shell {
  page: Page
  /** Folder of the projects that are made by name alone. */
  projects: string
  /** Opens the project that lies in `projects` under this title. */
  open: (title: string) => Promise<void>
  /** Presses what copies, and gives what it copied. */
  copy: (button: Locator) => Promise<string>
  /** What was copied last. */
  copied: () => Promise<string>
  /** Process id of the engine. */
  enginePid: () => Promise<number>
  /** Ends window and engine as a user does; what runs is stopped safely. */
  quit: () => Promise<void>
  /** Starts anew with the project of this title open, which was open when it ended. */
  reopen: (title: string) => Promise<Page>
  /** Ends it, and fails where anything went wrong in it or was sent off the loopback address. */
  quitClean: () => Promise<void>
}

/**
 * Starts one of the shells; it is ended with the test.
 *
 * @param lay puts projects into their folder before it starts
 */
export async function openShell(
  name: (typeof SHELLS)[number],
  lay: (projects: string) => Promise<unknown> = () => Promise.resolve()
): Promise<Shell> {
  const home = await temporaryFolder()
  const projects = join(home, 'Assay')
  await mkdir(projects)
  await lay(projects)
  return name === 'browser' ? openBrowser(projects) : openDesktop(home, projects)
}

async function openBrowser(projects: string): Promise<Shell> {
  const asked = join(await temporaryFolder(), 'asked')
  const strays: string[] = []
  const complaints: string[] = []

  async function start() {
    const served = await serveFolder(projects, loopbackOnly(asked))
    const window = await openWindow(served.link)
    return { ...served, ...window }
  }
  let now = await start()

  const shell: Shell = {
    page: now.page,
    projects,
    open: (title) => openListed(shell.page, title),
    copy: (button) => copyBy(shell.page, button),
    copied: () => shell.page.evaluate(() => navigator.clipboard.readText()),
    enginePid: () => Promise.resolve(now.child.pid!),
    quit: async () => {
      const { host } = new URL(now.link)
      strays.push(...now.asked.filter((url) => isElsewhere(url, host)))
      complaints.push(...now.complaints)
      await now.page.context().close()
      await now.end()
    },
    reopen: async (title) => {
      now = await start()
      shell.page = now.page
      await shell.open(title)
      return now.page
    },
    quitClean: async () => {
      await shell.quit()
      expect([complaints, strays, await askedOf(asked)]).toEqual([[], [], []])
    }
  }
  return shell
}

async function openDesktop(home: string, projects: string): Promise<Shell> {
  const asked = join(await temporaryFolder(), 'asked')
  const netLogs: string[] = []
  const options = { userData: await temporaryFolder(), home }

  async function start() {
    const netLog = join(options.userData, `network-${netLogs.length}.json`)
    netLogs.push(netLog)
    return launchDesktop({ ...options, netLog, environment: loopbackOnly(asked) })
  }
  let now = await start()

  const shell: Shell = {
    page: now.page,
    projects,
    open: async (title) => {
      await answerDialogs(now.app, { filePath: join(projects, title) })
      await chooseMenu(now.app, 'open')
    },
    copy: (button) => copyInDesktop(now.app, button),
    copied: () => now.app.evaluate(({ clipboard }) => clipboard.readText()),
    enginePid: () => enginePid(now.app),
    quit: async () => {
      await answerDialogs(now.app, { response: 1 })
      await quit(now.app)
    },
    reopen: async () => {
      // It opens by itself what was open.
      now = await start()
      shell.page = now.page
      return now.page
    },
    quitClean: async () => {
      await shell.quit()
      const sent = await Promise.all(netLogs.map(addressesIn))
      expect([sent.flat(), await askedOf(asked)]).toEqual([[], []])
    }
  }
  return shell
}

/** Opens a project of the start page. */
export async function openListed(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: `Open ${title}`, exact: true }).click()
}

const isElsewhere = (url: string, host: string) =>
  /^(http|ws)/.test(url) && new URL(url).host !== host

async function askedOf(file: string): Promise<string[]> {
  return existsSync(file) ? (await readFile(file, 'utf8')).trim().split('\n') : []
}

interface NetLog {
  constants: { logEventTypes: Record<string, number> }
  events: { type: number; params?: { address?: string } }[]
}

/** Addresses other than the loopback's that Chromium's own log has a connection to. */
async function addressesIn(netLog: string): Promise<string[]> {
  const { constants, events } = JSON.parse(await readFile(netLog, 'utf8')) as NetLog
  const connecting = constants.logEventTypes['TCP_CONNECT_ATTEMPT']
  expect(connecting).toBeGreaterThan(0)
  return events
    .filter(({ type }) => type === connecting)
    .map(({ params }) => params?.address ?? '')
    .filter((address) => address !== '' && !/^(127\.|\[::1\])/.test(address))
}
