/** Which devices passed the conformance suite on this machine; kept for the user, not a project. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { makeFolder, writeFileAtomic } from './storage/files'
import type { BackendReport, DeviceCheck } from './workers/jobs'

const VerificationSchema = z.object({
  backend: z.string(),
  device: z.string(),
  version: z.string(),
  checkedAt: z.string(),
  passed: z.boolean(),
  failedChecks: z.array(z.string())
})

/** The outcome of the suite on one device with one version of its library. */
export type Verification = z.infer<typeof VerificationSchema>

const FileSchema = z.object({ version: z.literal(1), devices: z.array(VerificationSchema) })

/** Where the outcomes are kept: below XDG_CONFIG_HOME, else `~/.config`. */
export function verifiedDevicesFile(environment: NodeJS.ProcessEnv = process.env): string {
  const config = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  return join(config, 'assay', 'verified-devices.json')
}

/** What identifies an outcome: a new driver's device name or a new library has none yet. */
export type VerifiedDevice = Pick<BackendReport, 'name' | 'device' | 'version'>

/**
 * The outcome for a device, or null while it has none: results made there are then shown as made
 * on a "device not verified". A file that cannot be read counts as none.
 */
export async function findVerification(
  device: VerifiedDevice,
  file = verifiedDevicesFile()
): Promise<Verification | null> {
  return (await readAll(file)).find((one) => isOf(one, device)) ?? null
}

/** What one device that trained a study is known to be. */
export interface DeviceTrust {
  backend: string
  device: string
  /** `none`: the conformance suite has not been run on it here. */
  verification: 'passed' | 'failed' | 'none'
}

/**
 * Says of each device that trained a run whether it passed the conformance suite on this machine.
 *
 * A run does not keep the library's version: the newest outcome of the device counts.
 */
export async function trustOf(
  runs: readonly { backend: string | null; device: string | null }[],
  file = verifiedDevicesFile()
): Promise<DeviceTrust[]> {
  const kept = await readAll(file)
  const names = new Map(
    runs.map(({ backend, device }) => [`${backend}\n${device}`, { backend, device }])
  )
  return [...names.values()].flatMap(({ backend, device }) => {
    if (backend === null || device === null) return []
    const [newest] = kept
      .filter((one) => one.backend === backend && one.device === productOf(device))
      .sort((a, b) => (a.checkedAt < b.checkedAt ? 1 : -1))
    const verification = newest ? (newest.passed ? 'passed' : 'failed') : 'none'
    return [{ backend, device, verification } as const]
  })
}

/**
 * Keeps the outcome of the suite, in place of an older one for the same device and version.
 *
 * @throws WorkbenchError `storage/not-writable` or `storage/disk-full`
 */
export async function keepVerification(
  device: VerifiedDevice,
  checks: readonly DeviceCheck[],
  file = verifiedDevicesFile()
): Promise<Verification> {
  const failed = checks.filter((check) => !check.passed)
  const verification: Verification = {
    backend: device.name,
    device: device.device ?? 'unknown',
    version: device.version ?? 'unknown',
    checkedAt: new Date().toISOString(),
    // A suite without a check shows nothing.
    passed: checks.length > 0 && failed.length === 0,
    failedChecks: failed.map((check) => check.check)
  }
  const others = (await readAll(file)).filter((one) => !isOf(one, device))
  await makeFolder(dirname(file))
  await writeFileAtomic(
    file,
    JSON.stringify({ version: 1, devices: [...others, verification] }, null, 2) + '\n'
  )
  return verification
}

/** What a run on one of several GPUs is called by is its product, and its number behind it. */
function productOf(device: string): string {
  return device.replace(/ \(GPU \d+\)$/, '')
}

function isOf(one: Verification, device: VerifiedDevice): boolean {
  return (
    one.backend === device.name &&
    one.device === (device.device ?? 'unknown') &&
    one.version === (device.version ?? 'unknown')
  )
}

async function readAll(file: string): Promise<Verification[]> {
  try {
    return FileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).devices
  } catch {
    // Absent or damaged alike: the suite can be run again, and nothing else is lost.
    return []
  }
}
