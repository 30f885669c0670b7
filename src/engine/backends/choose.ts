/** Which backends there are, and the one to compute with. */
import { WorkbenchError } from '#shared/errors'
import type { ComputeBackend } from './backend'
import { tensorflowBackend } from './tensorflow'

/** Every backend, the preferred first. Listing them loads none. */
export function listBackends(): readonly ComputeBackend[] {
  return [tensorflowBackend]
}

/**
 * Finds the first backend that runs here, or the one asked for.
 *
 * @param name of a backend; left out, the first that runs
 * @throws WorkbenchError `backend/unavailable` with each backend's reason
 */
export async function chooseBackend(name?: string): Promise<ComputeBackend> {
  const asked = listBackends().filter((one) => name === undefined || one.name === name)
  const reasons: string[] = []
  for (const backend of asked) {
    const reason = await backend.probe()
    if (reason === null) return backend
    reasons.push(`${backend.name}: ${reason}`)
  }
  const known = listBackends().map((one) => one.name)
  const found = reasons.length > 0 ? reasons.join('; ') : `there is none named "${name}"`
  throw new WorkbenchError(
    'backend/unavailable',
    `Nothing can compute here. ${found}. Known backends: ${known.join(', ')}. ` +
      'Run the set-up again; the report on devices says what is missing.',
    { asked: name ?? null, known, reasons }
  )
}
