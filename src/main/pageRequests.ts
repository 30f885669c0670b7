/** Answers what the page asks of the desktop; nobody else is answered. */
import { dialog, ipcMain } from 'electron'
import type { IpcMainInvokeEvent } from 'electron'
import { MOST_DROPPED } from '#shared/deskView'
import { CHANNELS } from '#shared/shell'
import type { Desktop } from './desktop'
import { chooseAndCreate, chooseAndOpen, reveal } from './projectDeeds'
import { printReport } from './printReport'
import { PAGE } from './protection'
import { parseLink } from './remoteLink'
import { recallSettings } from './settings'

/** Takes requests for the application. */
export function answerPage(desktop: Desktop): void {
  const answer = (channel: string, work: (input: unknown) => unknown) =>
    ipcMain.handle(channel, (event, input: unknown) => {
      if (!isOurPage(desktop, event)) throw new Error('This page is not answered.')
      return work(input)
    })
  answer(CHANNELS.connectEngine, () => desktop.link.connect())
  answer(CHANNELS.chooseAndOpen, () => chooseAndOpen(desktop))
  answer(CHANNELS.chooseAndCreate, () => chooseAndCreate(desktop))
  answer(CHANNELS.reveal, (within) => reveal(desktop, within))
  answer(CHANNELS.drop, (paths) => desktop.link.drop(droppedPaths(paths)))
  answer(CHANNELS.connectRemote, (link) => connectTo(desktop, link))
  answer(CHANNELS.remoteHost, () => desktop.link.remoteHost)
  answer(CHANNELS.openedAhead, () => desktop.link.openedAhead)
  answer(CHANNELS.printReport, (report) => printReport(desktop, report))
  answer(CHANNELS.readSettings, () => recallSettings())
  answer(CHANNELS.changeSettings, (change) => desktop.changeSettings(change))
}

function isOurPage(desktop: Desktop, { sender, senderFrame }: IpcMainInvokeEvent): boolean {
  return sender === desktop.window?.webContents && (senderFrame?.url.startsWith(PAGE) ?? false)
}

function droppedPaths(paths: unknown): string[] {
  const isDrop =
    Array.isArray(paths) &&
    paths.length > 0 &&
    paths.length <= MOST_DROPPED &&
    paths.every((path) => typeof path === 'string' && path !== '')
  if (!isDrop) throw new Error('These files have no place on this computer. Save them first.')
  return paths as string[]
}

/** @returns false where the user would rather not */
async function connectTo(desktop: Desktop, text: unknown): Promise<boolean> {
  if (text === null) {
    await desktop.link.lookAt(null)
    return true
  }
  const link = typeof text === 'string' ? parseLink(text.trim()) : null
  if (!link) {
    throw new Error(
      'This is no link of an engine. Expected what "assay serve" prints: http://127.0.0.1:PORT/#TOKEN'
    )
  }
  if (!link.isLoopback) {
    const { response } = await dialog.showMessageBox(desktop.window!, {
      type: 'warning',
      message: `${link.host} is another computer.`,
      detail:
        'What goes there and comes back can be read on the way, the token too. An SSH tunnel keeps it private: ssh -L PORT:localhost:PORT HOST',
      buttons: ['Cancel', 'Connect all the same'],
      defaultId: 0,
      cancelId: 0,
      noLink: true
    })
    if (response !== 1) return false
  }
  await desktop.link.lookAt(link)
  return true
}
