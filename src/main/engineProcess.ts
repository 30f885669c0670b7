/** The engine in a process of its own: main starts it, hands out ports to it, and starts it again. */
import { MessageChannelMain, utilityProcess } from 'electron'
import type { MessagePortMain, UtilityProcess } from 'electron'
import { join } from 'node:path'
import { WorkbenchError, fromPlain } from '#shared/errors'
import type { EngineOrder, FromEngine } from '#shared/shell'

/** A wait before the next start, so that an engine that cannot start does not spin. */
const RESTART_MS = 500

interface Waiting {
  resolve: (value: string) => void
  reject: (error: unknown) => void
}

/** What is told of the engine, but for answers. */
export type EngineNews = Exclude<FromEngine, { kind: 'answer' }>

/**
 * TensorFlow must never be loaded in main, where Chromium's own LLVM crashes it; and an engine that
 * runs out of memory must not take the window down.
 */
export class EngineProcess {
  #child: UtilityProcess | null = null
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #isClosed = false
  readonly #args: string[]
  readonly #onNews: (news: EngineNews) => void
  readonly #onDeath: () => void

  /**
   * @param args of `src/engine/process.ts`
   * @param onDeath the engine died and will be there again in a moment
   */
  constructor(args: string[], onNews: (news: EngineNews) => void, onDeath: () => void) {
    this.#args = args
    this.#onNews = onNews
    this.#onDeath = onDeath
  }

  start(): void {
    const child = utilityProcess.fork(join(__dirname, 'engine.cjs'), this.#args, {
      serviceName: 'Assay engine',
      stdio: 'inherit'
    })
    this.#child = child
    child.on('message', (message: FromEngine) => this.#hear(message))
    child.on('exit', () => this.#bury(child))
  }

  /**
   * A port to a new desk; the other end is in the engine's process.
   *
   * `opened` settles when the desk's project is open, or cannot be; the desk is there in any case.
   */
  connect(order: Extract<EngineOrder, { kind: 'desk' }>): {
    port: MessagePortMain
    opened: Promise<unknown>
  } {
    const { port1, port2 } = new MessageChannelMain()
    return { port: port1, opened: this.ask(order, port2) }
  }

  /** @throws WorkbenchError what the engine threw, or `contract/lost` where it died meanwhile */
  ask(order: EngineOrder, port?: MessagePortMain): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = this.#child
      if (!child) return reject(lost())
      const id = this.#nextId++
      this.#waiting.set(id, { resolve, reject })
      child.postMessage({ id, ...order }, port ? [port] : [])
    })
  }

  /** Stops what runs, cleanly, and ends the process. */
  async close(): Promise<void> {
    this.#isClosed = true
    // An engine that is dead already has nothing to close.
    await this.ask({ kind: 'close' }).catch(() => '')
    this.#child?.kill()
  }

  #hear(message: FromEngine): void {
    if (message.kind !== 'answer') return this.#onNews(message)
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.error) waiting?.reject(fromPlain(message.error))
    else waiting?.resolve(message.value)
  }

  #bury(child: UtilityProcess): void {
    if (this.#child !== child) return
    this.#child = null
    for (const one of this.#waiting.values()) one.reject(lost())
    this.#waiting.clear()
    if (this.#isClosed) return
    setTimeout(() => {
      if (!this.#isClosed) this.start()
    }, RESTART_MS)
    this.#onDeath()
  }
}

function lost(): Error {
  return new WorkbenchError('contract/lost', 'The engine ended. It is started again.')
}
