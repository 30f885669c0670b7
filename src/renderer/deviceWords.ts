/** What is said of a device. */
import type { MachineDevice } from '#shared/machine'
import { inBytes } from './format'

/** Its name; with its number where there are several. */
export function deviceName(
  { index, name, isPretended }: MachineDevice,
  all: readonly MachineDevice[]
): string {
  return isPretended || all.length < 2 ? name : `GPU ${index}: ${name}`
}

/** Memory used of all that it has. */
export function memoryOf({ usedBytes, totalBytes }: MachineDevice): string {
  const [used, total] = [usedBytes, totalBytes].map((one) => (one === null ? '–' : inBytes(one)))
  return `${used} of ${total}`
}
