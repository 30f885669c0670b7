/** The only thing the page sees of the desktop: one small frozen object. */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { CHANNELS, PORT_ARRIVES } from '#shared/shell'
import type { ShellAction, ShellBridge } from '#shared/shell'

// A port cannot pass the bridge: it goes to the page's world as a message.
ipcRenderer.on(CHANNELS.port, (event) => {
  window.postMessage(PORT_ARRIVES, window.location.origin, event.ports)
})

const ask =
  <Input extends unknown[], Output>(channel: string) =>
  (...input: Input): Promise<Output> =>
    ipcRenderer.invoke(channel, ...input) as Promise<Output>

/** Electron before 32 has no `webUtils`, and writes the path on the file itself. */
function pathOf(file: object): string {
  const utilities = webUtils as typeof webUtils | undefined
  return utilities?.getPathForFile(file as File) ?? (file as { path?: string }).path ?? ''
}

const shell: ShellBridge = {
  platform: process.platform,
  connectEngine: ask(CHANNELS.connectEngine),
  chooseAndOpen: ask(CHANNELS.chooseAndOpen),
  chooseAndCreate: ask(CHANNELS.chooseAndCreate),
  reveal: ask(CHANNELS.reveal),
  drop: (files) => ipcRenderer.invoke(CHANNELS.drop, files.map(pathOf)) as Promise<string>,
  connectRemote: ask(CHANNELS.connectRemote),
  remoteHost: ask(CHANNELS.remoteHost),
  openedAhead: ask(CHANNELS.openedAhead),
  printReport: ask(CHANNELS.printReport),
  readSettings: ask(CHANNELS.readSettings),
  changeSettings: ask(CHANNELS.changeSettings),
  onAction: (listener) =>
    void ipcRenderer.on(CHANNELS.action, (_, action: ShellAction) => listener(action)),
  onProblem: (listener) =>
    void ipcRenderer.on(CHANNELS.problem, (_, message: string) => listener(message))
}
contextBridge.exposeInMainWorld('shell', Object.freeze(shell))
