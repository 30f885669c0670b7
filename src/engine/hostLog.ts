/** What happened in this process, for whoever asks what went wrong and when. */
import { formatBytes } from '#shared/byteSize'
import type { EngineEvent } from '#shared/contract'
import { toPlain } from '#shared/errors'
import type { PlainError } from '#shared/errors'
import type { LogLine } from '#shared/machine'
import type { LowDisk } from '#shared/trainingView'

/** So many lines are kept; older ones are forgotten. */
const LINES = 500

/** The last lines, in memory only. */
export class HostLog {
  #lines: LogLine[] = []
  #count = 0
  /** Projects whose disk is nearly full: how full is told often, and noted once. */
  readonly #waiting = new Set<string>()

  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** @param project title of the one that it concerns; null where it concerns none */
  add(
    level: LogLine['level'],
    project: string | null,
    text: string,
    details: string | null = null
  ): void {
    const at = new Date().toISOString()
    const line = { number: ++this.#count, at, level, project, text, details }
    this.#lines = [...this.#lines.slice(1 - LINES), line]
  }

  /** Adds a call that was refused or failed; a bug is an error, all else a warning. */
  addRefusal(project: string | null, command: string, error: PlainError): void {
    const level = error.code === 'bug' ? 'error' : 'warning'
    this.add(level, project, `${command}: ${error.message}`, detailsOf(error))
  }

  /**
   * Lives on where a promise failed and nobody heard it, which would end the process: what else it does, and who
   * looks at it, must not end for a mistake at some rim. It is a bug, and noted as one.
   */
  hearRejections(source: NodeJS.EventEmitter = process): void {
    source.on('unhandledRejection', (error: unknown) => {
      const { message, stack } = toPlain(error)
      this.add('error', null, `Something failed unheard: ${message}`, stack ?? null)
    })
  }

  /** Adds what an event says, where it says something that stays true. */
  addEvent(project: string, event: EngineEvent): void {
    if (event.kind === 'study') {
      const words = { running: 'runs', done: 'is done', stopped: 'has stopped', failed: 'failed' }
      const level = event.state === 'failed' ? 'error' : 'info'
      this.add(level, project, `The study ${event.study} ${words[event.state]}`, event.message)
    }
    if (event.kind === 'device') {
      this.add('warning', project, `${event.device} is set aside: ${event.reason}`)
    }
    if (event.kind === 'disk') this.#addDisk(project, event.waiting)
    if (event.kind !== 'run') return
    const { role, name, state, error, host, device, tokensPerSecond } = event.record
    const what = role === 'seed' ? 'The seed' : `The ${role} ${name}`
    if (state === 'failed')
      this.add('error', project, `${what} failed: ${error?.message}`, error?.code)
    else if (state === 'running' && error)
      this.add('warning', project, `${what}: ${error.message}`, error.code)
    else if (state === 'running') this.add('info', project, `${what} began on ${host}`)
    else if (state === 'stopped') this.add('info', project, `${what} was stopped; it can go on`)
    else if (state === 'done') {
      this.add(
        'info',
        project,
        `${what} is trained, ${Math.round(tokensPerSecond)} tokens/s on ${device}`
      )
    }
  }

  #addDisk(project: string, waiting: LowDisk | null): void {
    if (!waiting) {
      if (this.#waiting.delete(project)) this.add('info', project, 'There is disk space again')
    } else if (!this.#waiting.has(project)) {
      this.#waiting.add(project)
      const { freeBytes, floorBytes } = waiting
      const words = `${formatBytes(freeBytes)} free, floor ${formatBytes(floorBytes)}`
      this.add('warning', project, `Waiting for disk space: ${words}`)
    }
  }
}

/** An error as text to copy: code, facts, and where it arose. */
function detailsOf({ code, details, stack }: PlainError): string {
  const facts = Object.entries(details).map(([name, value]) => `${name}: ${String(value)}`)
  return [code, ...facts, ...(code === 'bug' && stack ? [stack] : [])].join('\n')
}
