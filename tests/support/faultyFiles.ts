/**
 * `node:fs/promises` that fails where a test says so: a crash, a power cut, a full disk, a refusal, at any of the
 * operations that change something on disk.
 *
 * A test file mocks the module with it:
 * `vi.mock('node:fs/promises', async (original) => (await import('…/faultyFiles')).faulty(await original()))`
 */
import type * as fs from 'node:fs/promises'
import type { UnsyncedFiles } from './unsyncedFiles'

/** What happens at the chosen operation. */
export type Fault =
  /** The process is gone: the operation is not done, nor any after it. */
  | { kind: 'crash-before' }
  /** The operation is done, and then the process is gone. */
  | { kind: 'crash-after' }
  /** Half of what was to be written is there, and then the process is gone. */
  | { kind: 'torn' }
  /**
   * The system refuses this operation, or so many from it on; the process lives on. `isHalfDone`: half of what was
   * to be written is there.
   */
  | {
      kind: 'refused'
      code: 'ENOSPC' | 'EIO' | 'EACCES' | 'EPERM'
      times?: number
      isHalfDone?: boolean
    }

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

/** What is known of the disk beyond what was synced; null where nobody asks. */
let disk: UnsyncedFiles | null = null

/** From here on it is kept what a power cut would take; null: no more. */
export function watchDisk(watched: UnsyncedFiles | null): void {
  disk = watched
}

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
  const { fault } = state
  const times = fault.kind === 'refused' ? (fault.times ?? 1) : 1
  const isFaulty = state.count >= state.at && state.count < state.at + times
  if (state.at === 0 || !isFaulty) return whole()
  if (fault.kind === 'refused') {
    if (fault.isHalfDone) await half?.()
    throw refusal(fault.code, what)
  }
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

/** Does what writes to a file, of which the disk then has what it had. */
function written<T>(path: string, write: () => Promise<T>): Promise<T> {
  if (disk?.isWatched(path)) disk.writing(path)
  return write()
}

/** Syncs a file or a folder. */
async function synced(handle: fs.FileHandle, sync: () => Promise<void>): Promise<void> {
  const { ino } = await handle.stat()
  await sync()
  disk?.synced(ino)
}

/** A handle whose writing operations count. */
function faultyHandle(handle: fs.FileHandle, path: string): fs.FileHandle {
  const at = name(path)
  const writing =
    <T>(write: () => Promise<T>) =>
    () =>
      written(path, write)
  const overrides: Partial<Record<keyof fs.FileHandle, unknown>> = {
    writeFile: (data: string | Uint8Array) =>
      operate(
        `write ${at}`,
        writing(() => handle.writeFile(data)),
        writing(() => handle.writeFile(halfOf(data)))
      ),
    appendFile: (data: string | Uint8Array) =>
      operate(
        `append ${at}`,
        writing(() => handle.appendFile(data)),
        writing(() => handle.appendFile(halfOf(data)))
      ),
    write: (data: Uint8Array, offset?: number, length?: number, position?: number | null) =>
      operate(
        `write ${at}`,
        writing(() => handle.write(data, offset, length, position)),
        writing(() => handle.write(halfOf(data.subarray(offset ?? 0)), 0, undefined, position))
      ),
    truncate: (length?: number) =>
      operate(
        `truncate ${at}`,
        writing(() => handle.truncate(length))
      ),
    sync: () => operate(`sync ${at}`, () => synced(handle, () => handle.sync())),
    datasync: () => operate(`sync ${at}`, () => synced(handle, () => handle.datasync()))
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

/** Does what may make a file or folders, of which the disk does not have the names yet. */
async function made<T>(path: unknown, make: () => Promise<T>): Promise<T> {
  const note = disk?.isWatched(path) ? disk.making(path) : null
  const result = await make()
  note?.()
  return result
}

async function moved(path: string, target: string, move: () => Promise<void>): Promise<void> {
  const note = disk?.isWatched(path) && disk.isWatched(target) ? disk.moving(path, target) : null
  await move()
  note?.()
}

/** Wraps the real module; reading is left as it is. */
export function faulty(real: typeof fs): typeof fs {
  const isWriting = (flags: unknown) =>
    typeof flags === 'string' ? /[wa+]/.test(flags) : typeof flags === 'number' && (flags & 3) !== 0
  const open = async (path: string, flags?: string | number, mode?: number) => {
    const opened = () => made(path, () => real.open(path, flags, mode))
    const handle = isWriting(flags) ? await operate(`open ${name(path)}`, opened) : await opened()
    return faultyHandle(handle, path)
  }
  const counted =
    <Args extends unknown[], T>(what: string, operation: (...args: Args) => Promise<T>) =>
    (...args: Args) =>
      operate(`${what} ${name(args[0])}`, () => operation(...args))
  type Whole<T> = (path: string, ...rest: unknown[]) => Promise<T>
  const mkdir = real.mkdir as Whole<unknown>
  const removed =
    (remove: Whole<void>): Whole<void> =>
    (path, ...rest) =>
      disk?.isWatched(path) && disk.remove(path) ? Promise.resolve() : remove(path, ...rest)
  const wrapped = {
    ...real,
    open,
    rename: counted('rename', (path: string, target: string) =>
      moved(path, target, () => real.rename(path, target))
    ),
    rm: counted('remove', removed(real.rm as Whole<void>)),
    unlink: counted('remove', removed(real.unlink)),
    link: counted('link', (path: string, target: string) =>
      made(target, () => real.link(path, target))
    ),
    mkdir: counted('mkdir', (path: string, ...rest: unknown[]) =>
      made(path, () => mkdir(path, ...rest))
    ),
    copyFile: counted('copy', async (path: string, target: string, mode?: number) => {
      await made(target, () => real.copyFile(path, target, mode))
      if (disk?.isWatched(target)) disk.copied(target)
    }),
    truncate: counted('truncate', (path: string, length?: number) =>
      written(path, () => real.truncate(path, length))
    ),
    writeFile: counted('write', real.writeFile),
    appendFile: counted('append', real.appendFile)
  } as unknown as typeof fs
  return { ...wrapped, default: wrapped } as unknown as typeof fs
}
