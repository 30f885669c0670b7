/** Devices that runs are placed on, a line each. */
import type { MachineDevice } from '#shared/machine'
import { formatBytes, formatNumber } from './format'

/**
 * Says of each device its memory, load and what is done on it; nothing of a single GPU, where there is
 * nothing to place.
 *
 * @param placed runs of another process, by the name of their device
 */
export function deviceLines(
  devices: readonly MachineDevice[],
  placed: readonly { name: string; device: string }[] = []
): string[] {
  if (devices.length === 1 && devices[0]?.isPretended !== true) return []
  return devices.map((device) => {
    const { index, name, load, usedBytes, totalBytes, temperature, runs, setAside } = device
    const own = device.isPretended ? name : `${name} (GPU ${index})`
    const there = [
      ...runs,
      ...placed.filter((one) => one.device === own).map((one) => one.name)
    ].join(', ')
    const facts = [
      `${bytes(usedBytes)} of ${bytes(totalBytes)} used`,
      ...(load === null ? [] : [`load ${formatNumber(load * 100, 0)} %`]),
      ...(temperature === null ? [] : [`${temperature} °C`]),
      ...(there === '' ? [] : [`runs ${there}`]),
      ...(setAside === null ? [] : [`set aside: ${setAside}`])
    ]
    return `${own}: ${facts.join(', ')}`
  })
}

function bytes(count: number | null): string {
  return count === null ? 'unknown' : formatBytes(count)
}
