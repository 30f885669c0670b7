/** What every command shares: the engine beside the built files, interruption, output, errors. */
import { join } from 'node:path'
import { openEngine } from '#engine'
import type { Engine, ProjectSession } from '#engine'
import { WorkbenchError, toPlain } from '#shared/errors'
import { version } from '../../package.json'
import { Leaving } from '#shared/leaving'
import { wholeNumber } from './flags'
import { hintFor } from './hints'
import { printJson, printText, tellText } from './output'
import { ProgressDisplay } from './progress'

/** What a command works with. */
export interface CommandContext {
  engine: Engine
  progress: ProgressDisplay
  /** Aborted by Ctrl-C, by SIGTERM and SIGHUP, or by the time limit of `run`. */
  signal: AbortSignal
  stop: (reason: unknown) => void
  isJson: boolean
  /** Prints the result: text for people, or with `--json` one JSON document. */
  print: (text: string, data: unknown) => void
}

/** Exit statuses; documented in docs/cli.md. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** The reason with which Ctrl-C stops what runs. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted')
    this.name = 'Interrupted'
  }
}

/** True for a stop by Ctrl-C or by a signal. */
export function isInterrupted({ reason }: AbortSignal): boolean {
  return reason instanceof Interrupted || reason instanceof Leaving
}

/**
 * Runs one command with an engine, and turns whatever comes of it into an exit status.
 *
 * The first Ctrl-C asks everything to stop between two steps; a second one ends at once.
 */
export async function withEngine(
  options: { json?: boolean; threads?: string },
  command: (context: CommandContext) => Promise<number>
): Promise<void> {
  const isJson = options.json ?? false
  const progress = new ProgressDisplay({ quiet: isJson && !process.stderr.isTTY })
  const controller = new AbortController()
  const engine = openEngine({
    processEntry: join(__dirname, 'workerProcess.cjs'),
    workerEntry: join(__dirname, 'worker.cjs'),
    program: { entry: join(__dirname, 'cli.cjs'), version },
    ...(options.threads ? { threads: threadsFrom(options.threads) } : {})
  })
  const stop = (reason: Error) => {
    // A batch system tells a job twice that its time is up, and a session that ends a program by two signals: neither
    // is impatience.
    if (controller.signal.aborted) {
      if (reason instanceof Interrupted) process.exit(EXIT.interrupted)
      return
    }
    progress.log('Stopping after the current step … (Ctrl-C again ends at once)')
    controller.abort(reason)
  }
  process.on('SIGINT', () => stop(new Interrupted()))
  // Nobody stopped the study: who closes a terminal or a machine leaves what a cluster does alone.
  process.on('SIGTERM', () => stop(new Leaving()))
  process.on('SIGHUP', () => stop(new Leaving()))
  let status: number
  try {
    status = await command({
      engine,
      progress,
      signal: controller.signal,
      stop: (reason) => controller.abort(reason),
      isJson,
      print: (text, data) => {
        progress.close()
        if (isJson) printJson(data)
        else printText(`${text}\n`)
      }
    })
  } catch (error) {
    progress.close()
    status = reportError(error, isJson)
  }
  await engine.close()
  process.exitCode = status
}

/**
 * Like {@link withEngine}, with a project that is open while the command runs.
 *
 * @param options `readOnly`: needs no lock, and may be done beside a running study; `where it must`:
 *   so only beside one, or where the project may not be written, since what is computed is kept
 */
export async function withProject(
  path: string,
  options: { json?: boolean; threads?: string; readOnly?: boolean | 'where it must' },
  command: (context: CommandContext, session: ProjectSession) => Promise<number>
): Promise<void> {
  await withEngine(options, async (context) => {
    const { readOnly = false } = options
    const session = await context.engine
      .openProject(path, { readOnly: readOnly === true })
      .catch((error: unknown) => {
        const { code } = toPlain(error)
        const mayRead = ['storage/locked', 'storage/read-only', 'storage/not-writable']
        if (readOnly !== 'where it must' || !mayRead.includes(code)) throw error
        return context.engine.openProject(path, { readOnly: true })
      })
    try {
      return await command(context, session)
    } finally {
      await session.close()
    }
  })
}

function threadsFrom(text: string): number {
  const threads = wholeNumber(text, '--threads')
  if (threads >= 1) return threads
  throw new WorkbenchError('usage/invalid', `--threads wants at least 1, found "${text}".`)
}

/** Prints an error for people or scripts; a bug with its stack, anything else without. */
export function reportError(error: unknown, isJson: boolean): number {
  if (error instanceof Interrupted || error instanceof Leaving) {
    tellText('Stopped. What was not finished is not kept.\n')
    return EXIT.interrupted
  }
  const plain = toPlain(error)
  const hint = hintFor(plain)
  if (isJson) {
    const { code, message, details } = plain
    const told = { code, message, details, ...(hint === null ? {} : { hint }) }
    printJson({ error: told })
  } else if (plain.code === 'bug') {
    tellText(
      `This is a bug in Assay. Please report it with what follows.\n${plain.stack ?? plain.message}\n`
    )
  } else {
    tellText(`error ${plain.code}: ${plain.message}\n`)
    if (hint !== null) tellText(`(${hint})\n`)
  }
  return plain.code === 'usage/invalid' ? EXIT.usage : EXIT.failed
}
