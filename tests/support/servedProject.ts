/** A project served by the built command line, as on a machine without a screen. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { servedLink } from '../../scripts/servedLink.mjs'

export interface ServedProject {
  /** With the token. */
  link: string
  child: ChildProcess
  /** Ends it as Ctrl-C does, and waits for the end. */
  end: () => Promise<void>
}

/**
 * Serves a project until the test ends.
 *
 * @param environment variables more
 */
export function serveProject(
  project: string,
  flags: string[] = [],
  environment: Record<string, string> = {}
): Promise<ServedProject> {
  return serveWith([project, ...flags], environment)
}

/**
 * Serves a folder of projects until the test ends.
 *
 * @param environment variables more
 */
export function serveFolder(
  folder: string,
  environment: Record<string, string> = {}
): Promise<ServedProject> {
  return serveWith(['--projects', folder], environment)
}

async function serveWith(
  words: string[],
  environment: Record<string, string> = {}
): Promise<ServedProject> {
  const cli = resolve('out/main/cli.cjs')
  const child = spawn(process.execPath, [cli, 'serve', ...words], {
    env: { ...process.env, ...environment }
  })
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGINT')
    await ended
  }
  onTestFinished(end)
  return { link: await servedLink(child), child, end }
}
