/** How much memory of each GPU is free, read anew when it is to be known again. */
import { readMemory } from '#engine/backends/gpuMemory'
import type { MemoryByDevice, MemoryUse } from '#engine/backends/gpuMemory'

/** A reading is good for so long, ms. */
const FRESH_MS = 10_000

/** A driver that must wake GPUs first does not keep a run waiting for longer, ms. */
const WAIT_MS = 5000

/** The newest reading; who holds `byDevice` sees the next ones too. */
export class DeviceMemory {
  readonly #found = new Map<number, MemoryUse>()
  #readAt = -Infinity
  #reading: Promise<void> | null = null

  get byDevice(): MemoryByDevice {
    return this.#found
  }

  /** Reads anew where the last reading is old, and waits for that a little; what fails leaves nothing known. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#readAt < FRESH_MS) return
    this.#reading ??= this.#take().finally(() => (this.#reading = null))
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, WAIT_MS)))
    await Promise.race([this.#reading, patience])
    clearTimeout(timer)
  }

  /** The next reading is to be a new one. */
  outdate(): void {
    this.#readAt = -Infinity
  }

  async #take(): Promise<void> {
    const found = await readMemory().catch((): MemoryByDevice => new Map())
    this.#readAt = performance.now()
    this.#found.clear()
    for (const [index, use] of found) this.#found.set(index, use)
  }
}
