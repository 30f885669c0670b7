/** What keeps the page to itself: its own files, no other address, no permission. */
import { app, protocol, session } from 'electron'
import type { WebContents } from 'electron'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { PAGE_HEADERS, PAGE_TYPES } from '#shared/page'

const SCHEME = 'app'

/** Where the page lies, for Chromium. */
export const PAGE = `${SCHEME}://assay/`

/** Pages besides the window's own, by address: each holds its styles and runs nothing. */
const shown = new Map<string, string>()

/** What a page may that holds its styles and nothing of which is fetched. */
const SHOWN_HEADERS = {
  ...PAGE_HEADERS,
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  'content-type': PAGE_TYPES['.html']!
}

/**
 * Makes text a page for as long as work on it takes.
 *
 * @param html holds all that it shows
 */
export async function withPage<T>(html: string, work: (url: string) => Promise<T>): Promise<T> {
  const url = `${PAGE}shown-${randomUUID()}`
  shown.set(url, html)
  try {
    return await work(url)
  } finally {
    shown.delete(url)
  }
}

/** What must be said before the application is ready. */
export function protectBeforeReady(): void {
  // Chromium looks up where to get spelling dictionaries even with the spell checker off.
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1')
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } }
  ])
  app.on('web-contents-created', (_, contents) => confine(contents))
}

/** Serves the page's files, and refuses it everything else. */
export function protect(): void {
  const files = join(__dirname, '..', 'renderer')
  protocol.handle(SCHEME, async ({ url, method }) => {
    const html = shown.get(url)
    if (html !== undefined) return new Response(html, { headers: SHOWN_HEADERS })
    const { pathname } = new URL(url)
    const name = normalize(pathname === '/' ? '/index.html' : decodeURIComponent(pathname))
    const type = PAGE_TYPES[extname(name)]
    const isAsked = method === 'GET' && url.startsWith(PAGE) && type && !name.includes('..')
    const data = isAsked ? await readFile(join(files, name)).catch(() => null) : null
    if (data === null) return new Response('There is nothing here.', { status: 404 })
    const headers = { ...PAGE_HEADERS, 'content-type': type! }
    return new Response(new Uint8Array(data), { headers })
  })
  const { defaultSession } = session
  const isAllowed = (contents: WebContents | null, permission: string) =>
    permission === 'clipboard-sanitized-write' && (contents?.getURL().startsWith(PAGE) ?? false)
  defaultSession.setPermissionRequestHandler((contents, permission, answer) =>
    answer(isAllowed(contents, permission))
  )
  defaultSession.setPermissionCheckHandler(isAllowed)
  defaultSession.setDevicePermissionHandler(() => false)
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) =>
    answer({ cancel: !(url.startsWith(PAGE) || /^(data|blob|devtools):/.test(url)) })
  )
  defaultSession.on('will-download', (event, item) => {
    // The page makes the files it exports itself; nothing else is fetched.
    if (!/^(data:|blob:app:)/.test(item.getURL())) event.preventDefault()
  })
}

function confine(contents: WebContents): void {
  contents.on('will-navigate', (event, url) => {
    if (url !== PAGE) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}
