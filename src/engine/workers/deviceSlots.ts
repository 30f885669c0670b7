/** Which device's worker does which job, and which devices are set aside. */
import { WorkbenchError } from '#shared/errors'
import type { PlainError } from '#shared/errors'
import type { Recipe } from '#shared/records'

/** So many failures of a device in a row, whichever jobs they met, and it is set aside. */
const MOST_FAILURES = 2

/** Errors that may be the device's fault; want of memory only where nothing else was done on it. */
export const DEVICE_ERRORS: readonly string[] = [
  'worker/died',
  'backend/unavailable',
  'backend/out-of-memory'
]

/** Free memory that differs by less makes no device the better one, bytes. */
const MEMORY_STEP = 1e9

/** A device that has worker processes of its own. */
export interface PoolDevice {
  /** As the driver counts it. */
  index: number
  /** As runs tell what trained them. */
  name: string
  /** What its workers' processes are born with. */
  environment: (matmulPrecision: Recipe['matmulPrecision']) => Record<string, string>
}

/** Where a job of the lane of devices may be done. */
export interface DevicePlace {
  /** Numbers of devices. */
  devices: readonly number[]
  /** Jobs on one of them at once, at most. */
  perDevice: number
  /** Taken where it is free. */
  prefer?: number | undefined
  /** Not taken while another is to be had, busy or not: the job failed there. */
  avoid?: ReadonlySet<number>
  /** By device, what others leave of its memory; nothing of those that do not say. */
  memory?: ReadonlyMap<number, { freeBytes: number; words: string }>
  onPlaced?: (device: PoolDevice) => void
  /** Told when a failure of this job was one too many. */
  onSetAside?: (device: PoolDevice, reason: string) => void
}

/** A device as it is right now. */
export interface DeviceState<Slot> {
  device: PoolDevice
  slots: readonly Slot[]
  /** Why nothing is done on it any more; null while it is used. */
  setAside: string | null
}

interface Entry<Slot> extends DeviceState<Slot> {
  slots: Slot[]
  /** In a row. */
  failures: number
}

/** Workers by device, made when first needed. */
export class DeviceSlots<Slot extends { job: unknown }> {
  readonly #make: (device: PoolDevice) => Slot
  readonly #entries = new Map<number, Entry<Slot>>()

  constructor(make: (device: PoolDevice) => Slot) {
    this.#make = make
  }

  get states(): readonly DeviceState<Slot>[] {
    return [...this.#entries.values()]
  }

  /** Of all devices. */
  get slots(): Slot[] {
    return [...this.#entries.values()].flatMap(({ slots }) => slots)
  }

  /** Makes devices known; one that is known stays as it is. */
  add(devices: readonly PoolDevice[]): void {
    for (const device of devices) {
      if (this.#entries.has(device.index)) continue
      this.#entries.set(device.index, { device, slots: [], failures: 0, setAside: null })
    }
  }

  /** Uses devices again that were set aside. */
  takeBack(): void {
    for (const entry of this.#entries.values()) {
      entry.failures = 0
      entry.setAside = null
    }
  }

  /**
   * A worker without a job, on the device that has the fewest; of several the one with the most free memory.
   *
   * @returns null while all that may do it are busy
   * @throws WorkbenchError `backend/unavailable` where all of them are set aside
   */
  find(place: DevicePlace): Slot | null {
    const asked = place.devices.flatMap((index) => this.#entries.get(index) ?? [])
    const usable = asked.filter(({ setAside }) => setAside === null)
    if (usable.length === 0) throw allSetAside(asked)
    const unmet = usable.filter(({ device }) => place.avoid?.has(device.index) !== true)
    const free = (unmet.length > 0 ? unmet : usable).filter(
      (entry) => jobsOn(entry) < place.perDevice
    )
    const rank = (one: Entry<Slot>) => [
      one.device.index === place.prefer ? 0 : 1,
      jobsOn(one),
      one.failures,
      -Math.floor((place.memory?.get(one.device.index)?.freeBytes ?? 0) / MEMORY_STEP),
      one.device.index
    ]
    const [entry] = free.sort((a, b) => compare(rank(a), rank(b)))
    if (!entry) return null
    const idle = entry.slots.find(({ job }) => job === null)
    if (idle) return idle
    const made = this.#make(entry.device)
    entry.slots.push(made)
    return made
  }

  /**
   * Notes how a job ended that a device did, and does no more.
   *
   * @param error its code, message and details; null where the device did what it should
   * @param memory of the device, where it is known
   * @returns why it is set aside from now on; null where it is not, or was before
   */
  note(
    device: PoolDevice,
    error: Pick<PlainError, 'code' | 'message' | 'details'> | null,
    memory?: { words: string }
  ): string | null {
    const entry = this.#entries.get(device.index)
    if (!entry || entry.setAside !== null) return null
    const lacksMemory = error?.code === 'backend/out-of-memory'
    // Those that share it may have what this job lacked, or the machine itself was short of memory.
    if (lacksMemory && (jobsOn(entry) > 0 || error.details['of'] === 'machine')) return null
    entry.failures = error && DEVICE_ERRORS.includes(error.code) ? entry.failures + 1 : 0
    if (!error || entry.failures < MOST_FAILURES) return null
    const why = lacksMemory ? 'for want of its memory' : 'so'
    const use = lacksMemory && memory ? ` nvidia-smi said last: ${memory.words}.` : ''
    entry.setAside = `${MOST_FAILURES} jobs in a row failed on it, the last ${why}: ${error.message}${use}`
    return entry.setAside
  }
}

function jobsOn<Slot extends { job: unknown }>({ slots }: Entry<Slot>): number {
  return slots.filter(({ job }) => job !== null).length
}

function compare(left: readonly number[], right: readonly number[]): number {
  const place = left.findIndex((value, index) => value !== right[index])
  return place < 0 ? 0 : left[place]! - right[place]!
}

function allSetAside<Slot>(entries: readonly Entry<Slot>[]): WorkbenchError {
  const reasons = entries.map(({ device, setAside }) => `${device.name}: ${setAside}`)
  return new WorkbenchError(
    'backend/unavailable',
    `No device is left to compute on. ${reasons.join(' ')} ` +
      'They are tried again when devices are measured anew, or in a new process.',
    { devices: entries.map(({ device }) => device.name), reasons }
  )
}
