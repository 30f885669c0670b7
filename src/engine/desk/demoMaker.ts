/** Makes the demo's project by the command line, which knows where its texts come from. */
import { spawn } from 'node:child_process'
import { WorkbenchError } from '#shared/errors'

export interface DemoOptions {
  /** Built entry of the command line. */
  cliEntry: string
  folder: string
  /** Told each line of what is being done. */
  onLine: (line: string) => void
  signal: AbortSignal
}

/**
 * Fetches and imports the demo's texts into a project with the demo's study; trains nothing. One
 * that is there already is completed where something is missing.
 *
 * @throws WorkbenchError `corpus/unreadable` with what the command line said
 */
export async function makeDemoProject(options: DemoOptions): Promise<void> {
  const { cliEntry, folder, onLine, signal } = options
  const child = spawn(process.execPath, [cliEntry, 'demo', folder, '--texts-only'], {
    // Inside Electron the same program runs plain Node by this.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const stop = () => child.kill('SIGINT')
  signal.addEventListener('abort', stop)
  const lines: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').map((one) => one.trim())) {
      if (line === '') continue
      lines.push(line)
      onLine(line)
    }
  })
  const status = await new Promise<number | null>((done, fail) => {
    child.once('error', fail)
    child.once('close', done)
  })
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (status !== 0) {
    throw new WorkbenchError(
      'corpus/unreadable',
      `The demo's texts could not be had:\n${lines.slice(-8).join('\n')}`
    )
  }
}
