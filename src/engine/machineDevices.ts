/** Devices that runs may be placed on, how busy they are, and what this process does on them. */
import { readFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import type { MachineDevice } from '#shared/machine'
import { pretendedDevices } from './backends/devices'
import type { LocalDevice } from './backends/devices'
import { readGpus } from './backends/nvidiaSmi'
import type { DeviceUse, WorkerPool } from './workers/pool'

/** Linux counts a process's time in these, per second. */
const TICKS = 100
/** Shorter spans say nothing about load, in ms. */
const LOAD_MS = 500

/** A worker's time, as last read. */
interface Reading {
  at: number
  ticks: number
  load: number | null
}

/** Reads devices; of pretended ones what their workers' processes take. */
export class MachineDevices {
  readonly #pool: Pick<WorkerPool, 'devices'>
  readonly #readings = new Map<number, Reading>()

  constructor(pool: Pick<WorkerPool, 'devices'>) {
    this.#pool = pool
  }

  /** None where there is neither a GPU nor a pretended device. */
  async read(): Promise<MachineDevice[]> {
    const uses = new Map(this.#pool.devices.map((use) => [use.index, use]))
    const told = (index: number) => ({
      runs: uses.get(index)?.jobs ?? [],
      setAside: uses.get(index)?.setAside ?? null
    })
    const pretended = pretendedDevices()
    if (pretended.length > 0) {
      return Promise.all(
        pretended.map(async (device) => ({
          ...(await this.#readPretended(device, uses.get(device.index))),
          ...told(device.index)
        }))
      )
    }
    // Why there is none is told by the doctor; a meter only has nothing to show.
    const gpus = await readGpus().catch(() => [])
    return gpus.map(({ index, name, load, usedBytes, totalBytes, temperature }) => ({
      ...{ index, name, isPretended: false, load, usedBytes, totalBytes, temperature },
      ...told(index)
    }))
  }

  async #readPretended({ index, name }: LocalDevice, use: DeviceUse | undefined) {
    const processes = await Promise.all((use?.pids ?? []).map(readProcess))
    const sum = (of: 'ticks' | 'bytes') => processes.reduce((all, one) => all + (one?.[of] ?? 0), 0)
    const isKnown = processes.every((one) => one !== null)
    return {
      index,
      name,
      isPretended: true,
      load: isKnown ? this.#load(index, sum('ticks')) : null,
      usedBytes: isKnown ? sum('bytes') : null,
      totalBytes: totalmem(),
      temperature: null
    }
  }

  /** Of one thread since the last reading; null at the first. */
  #load(device: number, ticks: number): number | null {
    const last = this.#readings.get(device)
    const at = performance.now()
    if (last && at - last.at < LOAD_MS) return last.load
    // Of a process that ended nothing is known any more: its successor begins at 0.
    const spent = last ? Math.max(0, ticks - last.ticks) : 0
    const load = last ? Math.min(1, spent / TICKS / ((at - last.at) / 1000)) : null
    this.#readings.set(device, { at, ticks, load })
    return load
  }
}

/** Time and memory of a process; null where the system does not say. */
async function readProcess(pid: number): Promise<{ ticks: number; bytes: number } | null> {
  try {
    const [stat, status] = await Promise.all(
      ['stat', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8'))
    )
    // The name of the program, in parentheses, may hold anything.
    const fields = stat!.split(') ').at(-1)!.split(' ')
    const kibibytes = Number(/VmRSS:\s+(\d+)/.exec(status!)?.[1] ?? 0)
    return { ticks: Number(fields[11]) + Number(fields[12]), bytes: kibibytes * 1024 }
  } catch {
    // It ended meanwhile, or this is no Linux.
    return null
  }
}
