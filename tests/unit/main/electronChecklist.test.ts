/**
 * Electron's checklist of security, over the sources: each test is one of its points.
 *
 * @see https://www.electronjs.org/docs/latest/tutorial/security
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { PAGE_HEADERS } from '#shared/page'

const SOURCES = ['src/main', 'src/preload'].flatMap((folder) =>
  readdirSync(folder).map((name) => ({
    name: join(folder, name),
    text: readFileSync(join(folder, name), 'utf8')
  }))
)
const all = SOURCES.map(({ text }) => text).join('\n')

/** The settings of every page that is made, as they are written. */
const pages = [...all.matchAll(/webPreferences: \{[^}]*\}/g)].map(([text]) => text)

test('1, 17: only own content is loaded, by a scheme of its own', () => {
  const loads = [...all.matchAll(/\.(loadURL|loadFile)\(([^)]*)\)/g)].map((found) => found[2])
  expect(loads.sort()).toEqual(['PAGE', 'url'])
  expect(all).not.toMatch(/['"`](http|file):\/\/(?!\$\{|HOST|127\.0\.0\.1)/)
})

test('2, 3, 4: no Node in a page, context isolation and the sandbox on, in each', () => {
  expect(pages).toHaveLength(all.match(/new BrowserWindow\(/g)!.length)
  for (const page of pages) {
    expect(page).toContain('nodeIntegration: false')
    expect(page).toContain('contextIsolation: true')
    expect(page).toContain('sandbox: true')
  }
  expect(all).not.toMatch(/nodeIntegrationIn(Worker|SubFrames)|no-sandbox/)
})

test('5: permissions are asked of a handler that refuses', () => {
  for (const handler of ['Request', 'Check']) {
    expect(all).toContain(`setPermission${handler}Handler(`)
  }
  expect(all).toContain('setDevicePermissionHandler(() => false)')
})

test('6, 8, 9, 10: nothing of the web’s own protection is turned off', () => {
  expect(all).not.toMatch(
    /webSecurity|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|ignore-certificate|certificate-error/
  )
})

test('7: a policy allows own files and nothing inline', () => {
  const policy = PAGE_HEADERS['content-security-policy']!
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self'")
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
})

test('11, 12: no webview is made or attached', () => {
  expect(all).toContain("'will-attach-webview', (event) => event.preventDefault()")
  expect(all).not.toContain('webviewTag: true')
})

test('13, 14: no page goes elsewhere or opens a window', () => {
  expect(all).toContain("contents.on('will-navigate'")
  expect(all).toContain("setWindowOpenHandler(() => ({ action: 'deny' }))")
})

test('15: nothing is opened by the system but the project’s folder, which the page does not name', () => {
  expect(all).not.toContain('openExternal')
})

test('20: every request of a page is checked for its sender, and no Electron API is exposed', () => {
  expect(all.match(/ipcMain\.(handle|on|handleOnce|once)\(/g)).toHaveLength(1)
  expect(all).toMatch(
    /ipcMain\.handle\(channel, \(event[^]{0,80}if \(!isOurPage\(desktop, event\)\)/
  )
  expect(all).not.toMatch(/exposeInMainWorld\([^)]*ipcRenderer/)
  expect(all).not.toMatch(/ipcRenderer\.send|@electron\/remote/)
})

test('19: fuses are set in packages: what can be closed is', () => {
  const { electronFuses } = parse(readFileSync('packaging/electron-builder.yml', 'utf8')) as {
    electronFuses: Record<string, boolean>
  }
  expect(electronFuses).toEqual({
    // The engine's workers need it, and say so beside it.
    runAsNode: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false
  })
})
