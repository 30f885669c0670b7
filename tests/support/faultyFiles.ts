/**
 * `node:fs/promises` that fails where a test says so: a crash, a full disk, a refusal, at any of the
 * operations that change something on disk.
 *
 * A test file mocks the module with it:
 * `vi.mock('node:fs/promises', async (original) => (await import('…/faultyFiles')).faulty(await original()))`
 */
import type * as fs from 'node:fs/promises'

/** What happens at the chosen operation. */
export type Fault =
  /** The process is gone: the operation is not done, nor any after it. */
  | { kind: 'crash-before' }
  /** The operation is done, and then the process is gone. */
  | { kind: 'crash-after' }
  /** Half of what was to be written is there, and then the process is gone. */
  | { kind: 'torn' }
  /** The system refuses this one operation; the process lives on. */
  | { kind: 'refused'; code: 'ENOSPC' | 'EIO' | 'EACCES' }

/** Thrown by everything that a dead process would have done. */
export class Crash extends Error {
  constructor() {
    super('the process is gone')
    this.name = 'Crash'
  }
}

interface State {
  /** Operations so far. */
  count: number
  /** The operation, counted from 1, at which the fault happens; 0: none does. */
  at: number
  fault: Fault
  isDead: boolean
  /** What was done, for messages: `rename project.assay`. */
  log: string[]
}

const idle = (): State => ({
  count: 0,
  at: 0,
  fault: { kind: 'crash-before' },
  isDead: false,
  log: []
})
let state: State = idle()

/** Counts operations from here, and fails at one of them; `at: 0` only counts. */
export function armFault(at: number, fault: Fault = { kind: 'crash-before' }): void {
  state = { ...idle(), at, fault }
}

/** Ends counting. @returns how many operations there were, and which, and whether the fault came */
export function disarmFault(): { count: number; log: string[]; hasFailed: boolean } {
  const { count, log, at } = state
  const hasFailed = at > 0 && count >= at
  state = idle()
  return { count, log, hasFailed }
}

function refusal(code: string, what: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}

/** Does one operation that changes something, or what the fault makes of it. */
async function operate<T>(
  what: string,
  whole: () => Promise<T>,
  half?: () => Promise<unknown>
): Promise<T> {
  if (state.isDead) throw new Crash()
  state.count++
  state.log.push(what)
  if (state.at === 0 || state.count !== state.at) return whole()
  const { fault } = state
  if (fault.kind === 'refused') throw refusal(fault.code, what)
  state.isDead = true
  if (fault.kind === 'crash-after') await whole()
  if (fault.kind === 'torn') await (half ?? whole)()
  throw new Crash()
}

function halfOf(data: string | Uint8Array): Uint8Array {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return bytes.subarray(0, Math.floor(bytes.length / 2))
}

function name(path: unknown): string {
  return String(path).split('/').slice(-2).join('/')
}

/** A handle whose writing operations count. */
function faultyHandle(handle: fs.FileHandle, path: string): fs.FileHandle {
  const at = name(path)
  const overrides: Partial<Record<keyof fs.FileHandle, unknown>> = {
    writeFile: (data: string | Uint8Array) =>
      operate(
        `write ${at}`,
        () => handle.writeFile(data),
        () => handle.writeFile(halfOf(data))
      ),
    appendFile: (data: string | Uint8Array) =>
      operate(
        `append ${at}`,
        () => handle.appendFile(data),
        () => handle.appendFile(halfOf(data))
      ),
    write: (data: Uint8Array, offset?: number) =>
      operate(
        `write ${at}`,
        () => handle.write(data, offset),
        () => handle.write(halfOf(data.subarray(offset ?? 0)))
      ),
    truncate: (length?: number) => operate(`truncate ${at}`, () => handle.truncate(length)),
    sync: () => operate(`sync ${at}`, () => handle.sync())
  }
  return new Proxy(handle, {
    get: (target, key) => {
      const own = overrides[key as keyof fs.FileHandle]
      if (own) return own
      const value = Reflect.get(target, key, target) as unknown
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    }
  })
}

/** Wraps the real module; reading is left as it is. */
export function faulty(real: typeof fs): typeof fs {
  const isWriting = (flags: unknown) =>
    typeof flags === 'string' ? /[wa+]/.test(flags) : typeof flags === 'number' && (flags & 3) !== 0
  const open = async (path: string, flags?: string | number, mode?: number) => {
    const opened = () => real.open(path, flags, mode)
    const handle = isWriting(flags) ? await operate(`open ${name(path)}`, opened) : await opened()
    return faultyHandle(handle, path)
  }
  const counted =
    <Args extends unknown[], T>(what: string, operation: (...args: Args) => Promise<T>) =>
    (...args: Args) =>
      operate(`${what} ${name(args[0])}`, () => operation(...args))
  const wrapped = {
    ...real,
    open,
    rename: counted('rename', real.rename),
    rm: counted('remove', real.rm),
    unlink: counted('remove', real.unlink),
    link: counted('link', real.link),
    mkdir: counted('mkdir', real.mkdir as (...args: unknown[]) => Promise<unknown>),
    copyFile: counted('copy', real.copyFile),
    truncate: counted('truncate', real.truncate),
    writeFile: counted('write', real.writeFile),
    appendFile: counted('append', real.appendFile)
  } as unknown as typeof fs
  return { ...wrapped, default: wrapped } as unknown as typeof fs
}
