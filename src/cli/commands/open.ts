/** `assay open`: the desktop application where it can be, else the same window in a browser. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { WorkbenchError } from '#shared/errors'
import { EXIT } from '../session'
import { tellText } from '../output'
import { serveProjects } from './serve'

interface OpenFlags {
  browser?: boolean
  port: string
  readOnly?: boolean
}

/** Of the clone: the built files lie two folders below it. */
const ROOT = join(__dirname, '..', '..')

/** Adds `open` to the program. */
export function addOpenCommand(program: Command): void {
  program
    .command('open')
    .description('Open Assay, or one project in it, as a desktop application; else in a browser.')
    .argument('[project]', 'project folder; else what was open last')
    .option('--browser', 'serve it to a browser, also where there is a screen')
    .option('--port <n>', 'port to listen on, for a browser; 0: any that is free', '0')
    .option('--read-only', 'only look at the project; may be done beside a run')
    .addHelpText(
      'after',
      `
Examples:
  assay open
  assay open my-study
  assay open my-study --browser

Without a screen, or without Electron's program, it serves the project (or those in ~/Assay) and
prints the link.`
    )
    .action(async (path: string | undefined, flags: OpenFlags) => {
      if (path !== undefined && !existsSync(path)) {
        throw new WorkbenchError('storage/missing', `There is no project ${resolve(path)}.`, {
          project: resolve(path)
        })
      }
      const { program: electron, why } = flags.browser
        ? { program: null, why: null }
        : findDesktop()
      if (electron !== null) {
        process.exitCode = await runDesktop(electron, path, flags)
        return
      }
      if (why !== null) tellText(`${why}\n`)
      await serveProjects(path, path === undefined ? { ...flags, projects: ownFolder() } : flags)
    })
}

/** Electron's program, or in words why the application cannot be opened here. */
function findDesktop(): { program: string; why: null } | { program: null; why: string } {
  const isHeadless =
    process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']
  if (isHeadless) {
    return { program: null, why: 'There is no screen here: Assay is served to a browser.' }
  }
  const folder = join(ROOT, 'node_modules', 'electron')
  const named = join(folder, 'path.txt')
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : 'electron'
  const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] || join(folder, 'dist')
  const program = join(dist, name)
  if (existsSync(program)) return { program, why: null }
  return {
    program: null,
    why: `Electron's program is not here: fetch it once with "node ${join('node_modules', 'electron', 'install.js')}" in ${ROOT}, or name its folder by ELECTRON_OVERRIDE_DIST_PATH. Until then Assay is served to a browser.`
  }
}

/** Runs the application until it is quit. */
function runDesktop(program: string, path: string | undefined, flags: OpenFlags): Promise<number> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    tellText("Chromium's sandbox does not work for root: the window runs without it.\n")
  }
  const args = [
    ...(isRoot ? ['--no-sandbox'] : []),
    ROOT,
    ...(path === undefined ? [] : [resolve(path)]),
    ...(flags.readOnly ? ['--read-only'] : [])
  ]
  const child = spawn(program, args, { stdio: 'inherit' })
  // Ctrl-C reaches the application too, which stops what runs and ends; this waits for it.
  const passOn = () => child.kill('SIGTERM')
  process.on('SIGINT', passOn)
  process.on('SIGTERM', passOn)
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', (status) => done(status === 0 ? EXIT.ok : EXIT.failed))
  })
}

/** Where projects are kept unless somebody chooses; the desktop application has the same. */
function ownFolder(): string {
  const folder = join(homedir(), 'Assay')
  mkdirSync(folder, { recursive: true })
  return folder
}
