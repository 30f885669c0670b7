/** Checks that what is about to be written fits. */
import { existsSync, statSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { SetupFailure } from './failure.mjs'
import { formatSize } from './progress.mjs'

/** @typedef {{ folder: string, bytes: number, purpose: string }} DiskNeed */

/**
 * Fails when a disk is too small for what the folders on it will receive.
 *
 * @param {DiskNeed[]} needs
 * @param {(folder: string) => number} freeBytes
 */
export function requireDisk(needs, freeBytes = freeBytesOf) {
  /** @type {Map<number, { folder: string, bytes: number, purposes: string[] }>} */
  const disks = new Map()
  for (const need of needs) {
    if (need.bytes === 0) continue
    const folder = existingParent(need.folder)
    const device = statSync(folder).dev
    const disk = disks.get(device) ?? { folder, bytes: 0, purposes: [] }
    disk.bytes += need.bytes
    disk.purposes.push(`${formatSize(need.bytes)} for ${need.purpose} in ${need.folder}`)
    disks.set(device, disk)
  }
  for (const { folder, bytes, purposes } of disks.values()) {
    const free = freeBytes(folder)
    if (free >= bytes) continue
    throw new SetupFailure(
      `Too little disk: ${formatSize(bytes)} are needed (${purposes.join('; ')}), ` +
        `${formatSize(free)} are free on the disk that holds ${folder}.\n` +
        `Free ${formatSize(bytes - free)}, or keep downloads elsewhere: ASSAY_CACHE=/a/larger/disk, then run the same command again.`
    )
  }
}

/** @param {string} folder */
function freeBytesOf(folder) {
  const stats = statfsSync(folder)
  return stats.bavail * stats.bsize
}

/**
 * @param {string} folder
 * @returns {string}
 */
function existingParent(folder) {
  return existsSync(folder) ? folder : existingParent(dirname(folder))
}
