import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { launchDesktop, quit } from '../support/electronApp'

test('the running page has no Node, goes nowhere, is given nothing, and another page is not answered', async () => {
  const { app, page } = await launchDesktop()
  await page.getByLabel('New project').waitFor()
  const settings = await app.evaluate(({ BrowserWindow }) => {
    // The types of a newer Electron leave it out.
    const contents = BrowserWindow.getAllWindows()[0]!.webContents as unknown as {
      getLastWebPreferences: () => Record<string, unknown>
    }
    return contents.getLastWebPreferences()
  })
  expect(settings).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webviewTag: false,
    webSecurity: true,
    allowRunningInsecureContent: false
  })

  const seen = await page.evaluate(async () => {
    // What a test's own call evaluates is let through by the policy; what comes later is not.
    await new Promise((done) => setTimeout(done))
    const named = globalThis as unknown as Record<string, unknown>
    const tried = async (work: () => unknown) => {
      try {
        return (await work()) ?? 'nothing'
      } catch (error) {
        return (error as Error).name
      }
    }
    const stateOf = async (name: string) =>
      (await navigator.permissions.query({ name: name as PermissionName })).state
    return {
      node: ['require', 'process', 'module', 'Buffer', 'ipcRenderer'].filter((one) => one in named),
      isFrozen: Object.isFrozen(named['shell']),
      evaluated: await tried(() => new Function('return 1')() as unknown),
      fetched: await tried(() => fetch('http://127.0.0.1:9/')),
      file: await tried(() => fetch('file:///etc/passwd')),
      outside: await tried(async () => (await fetch('/../main/index.cjs')).status),
      elsewhere: await tried(() => fetch('app://other/index.html')),
      policy: (await fetch(location.href)).headers.get('content-security-policy'),
      camera: await tried(() => navigator.mediaDevices.getUserMedia({ video: true })),
      notify: await Notification.requestPermission(),
      // Writing itself wants the focus, which a window on a bare screen is not always given.
      copying: await stateOf('clipboard-write'),
      opened: await tried(() => window.open('https://evil.example/')),
      states: await Promise.all(
        ['geolocation', 'notifications', 'camera', 'clipboard-read'].map(stateOf)
      )
    }
  })
  expect(seen).toEqual({
    node: [],
    isFrozen: true,
    evaluated: 'EvalError',
    fetched: 'TypeError',
    file: 'TypeError',
    outside: 404,
    elsewhere: 'TypeError',
    policy: expect.stringContaining("default-src 'none'; script-src 'self'") as string,
    // Where there is no camera that is said first.
    camera: expect.stringMatching(/^Not(Allowed|Found)Error$/) as string,
    notify: 'denied',
    copying: 'granted',
    opened: 'nothing',
    states: ['denied', 'denied', 'denied', 'denied']
  })
  // The same preload in a page that is not ours.
  const said = await app.evaluate(
    async ({ BrowserWindow }, preload) => {
      const other = new BrowserWindow({
        show: false,
        webPreferences: { preload, contextIsolation: true, sandbox: true }
      })
      await other.loadURL('data:text/html,<title>other</title>')
      const ask = (call: string) =>
        other.webContents.executeJavaScript(
          `shell.${call}.then(() => 'answered', (error) => error.message)`
        ) as Promise<string>
      const answers = [
        await ask('readSettings()'),
        await ask('connectEngine()'),
        await ask('reveal()')
      ]
      other.destroy()
      return answers
    },
    join(resolve('out'), 'preload', 'index.cjs')
  )
  for (const one of said) expect(one).toContain('This page is not answered.')

  // Last: what drives the page from outside goes on waiting for what was refused.
  const stayed = await app.evaluate(async ({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!
    const refused = new Promise((done) => webContents.once('will-navigate', done))
    await webContents.executeJavaScript("location.href = 'https://evil.example/'; null")
    await refused
    await new Promise((done) => setTimeout(done, 300))
    const isThere = "document.querySelector('input') !== null"
    const shown = (await webContents.executeJavaScript(isThere)) as boolean
    return [webContents.getURL(), shown, BrowserWindow.getAllWindows().length]
  })
  expect(stayed).toEqual(['app://assay/', true, 1])
  await quit(app)
})
