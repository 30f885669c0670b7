/** Room on the disk while a study runs: below a floor it pauses, and goes on when there is room again. */
import { statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesFrom, formatBytes } from '#shared/byteSize'
import { WorkbenchError } from '#shared/errors'
import type { LowDisk } from '#shared/trainingView'
import { freeBytes } from '#engine/storage/files'

/** How the disk is watched; without them as {@link DiskRoom} says. */
export interface DiskOptions {
  /** Bytes below which nothing is trained. */
  floorBytes?: number
  /** What is free; else the system is asked. */
  free?: () => Promise<number>
  /** How often it is looked at, in ms. */
  everyMs?: number
}

/** Sets the floor for every study of this process. */
const FLOOR_VARIABLE = 'ASSAY_DISK_FLOOR'

/** Others on this disk need some too: so much, or a part of a small disk. */
const FLOOR_BYTES = 1e9
const FLOOR_SHARE = 1 / 20

const EVERY_MS = 3000

/** A disk that says it has room, and refuses so often in a row, will go on refusing. */
const MOST_REFUSALS = 3

/**
 * Watches the free space of a project's disk.
 *
 * The floor is what was asked for, else 1 GB (a twentieth of a disk below 20 GB) or twice what all
 * runs that train at once would save, whichever is more: they must be able to save when they are
 * stopped for want of space.
 */
export class DiskRoom {
  readonly #folder: string
  readonly #options: DiskOptions
  readonly #tell: (waiting: LowDisk | null) => void
  readonly #refusals = new Map<string, number>()
  #savedBytes = 0
  #usualFloor: Promise<number> | null = null
  #low = new AbortController()
  #told: LowDisk | null = null
  #isWatching = false

  /** @param tell hears that a study waits, of every change then, and null when it goes on */
  constructor(folder: string, options: DiskOptions, tell: (waiting: LowDisk | null) => void) {
    this.#folder = folder
    this.#options = options
    this.#tell = tell
  }

  /** Aborted while there is too little: what trains saves its state and stops. */
  get signal(): AbortSignal {
    return this.#low.signal
  }

  /** Says what all runs that train at once would save together. */
  expect(savedBytes: number): void {
    this.#savedBytes = savedBytes
  }

  /** Looks every few seconds until the function returned is called. */
  watch(): () => void {
    this.#isWatching = true
    // A look that fails says nothing; one that matters is taken, and fails, where something is begun.
    const timer = setInterval(() => void this.hasRoom().catch(() => undefined), this.#everyMs)
    return () => {
      clearInterval(timer)
      this.#isWatching = false
      if (this.#told) this.#tell(null)
      this.#told = null
    }
  }

  /** Bytes below which nothing is begun. */
  async floor(): Promise<number> {
    const asked = this.#options.floorBytes ?? floorOfEnvironment()
    if (asked !== null) return asked
    this.#usualFloor ??= usualFloor(this.#folder)
    return Math.max(await this.#usualFloor, 2 * this.#savedBytes)
  }

  /** What is free now, bytes. */
  free(): Promise<number> {
    return this.#options.free?.() ?? freeBytes(this.#folder)
  }

  /** Looks once; true when there is room. */
  async hasRoom(): Promise<boolean> {
    const [floorBytes, free] = await Promise.all([this.floor(), this.free()])
    if (!this.#isWatching) return free >= floorBytes
    if (free >= floorBytes) {
      if (this.#low.signal.aborted) this.#low = new AbortController()
      if (this.#told) this.#tell((this.#told = null))
      return true
    }
    this.#low.abort(new Error('too little space is left on the disk'))
    if (this.#told?.freeBytes !== free) {
      this.#told = { freeBytes: free, floorBytes }
      this.#tell(this.#told)
    }
    return false
  }

  /** Waits until there is room; at once where nobody watches. */
  async wait(signal: AbortSignal): Promise<void> {
    while (this.#isWatching && !(await this.hasRoom())) {
      await sleep(this.#everyMs, undefined, { signal })
    }
  }

  /**
   * To be called when the system refused to write for want of space.
   *
   * @param what was being done
   * @returns whether to wait for room and do it again; false when the disk has room by its own word
   *   and refused again and again, as beyond a quota
   */
  async refused(what: string, signal: AbortSignal): Promise<boolean> {
    if (!this.#isWatching) return false
    if (!(await this.hasRoom())) {
      this.#refusals.delete(what)
      return true
    }
    const refusals = (this.#refusals.get(what) ?? 0) + 1
    this.#refusals.set(what, refusals)
    if (refusals >= MOST_REFUSALS) return false
    await sleep(this.#everyMs, undefined, { signal })
    return true
  }

  /** The error of work for which the disk has no room above its floor. */
  async shortage(what: string): Promise<WorkbenchError> {
    const [floor, free] = await Promise.all([this.floor(), this.free()])
    return new WorkbenchError(
      'storage/disk-full',
      `There is too little space on the disk for this: ${what}. It takes more than lies between what is free (${formatBytes(free)}) and the floor (${formatBytes(floor)}). Free some space, or lower the floor; what was finished is kept.`,
      { folder: this.#folder, free, floor }
    )
  }

  get #everyMs(): number {
    return this.#options.everyMs ?? EVERY_MS
  }
}

async function usualFloor(folder: string): Promise<number> {
  const { blocks, bsize } = await statfs(folder)
  return Math.min(FLOOR_BYTES, blocks * bsize * FLOOR_SHARE)
}

/** @throws WorkbenchError `usage/invalid` for what is no number of bytes */
function floorOfEnvironment(): number | null {
  const text = process.env[FLOOR_VARIABLE]
  return text === undefined || text === '' ? null : bytesFrom(text, FLOOR_VARIABLE)
}
