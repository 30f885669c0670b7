/** Takes in what jobs that were done apart from this host came to. */
import { toPlain } from '#shared/errors'
import type { Measurement } from '#shared/records'
import { isRunFinished } from '#engine/storage/runs'
import { outcomeKeys, readOutcome, removeOutcome } from '#engine/storage/outcomes'
import type { Outcome } from '#engine/storage/outcomes'
import { runsOf } from './plan'
import type { RunContext } from './runContext'
import { headOf } from './trainOne'

/**
 * Stores what lies in `outcomes/`, whoever asked for it, and takes it away: stored first.
 *
 * What failed is left to who asks for it again; of a study that is not planned here it stays, and so does what cannot
 * be read now: that is not known to be damaged.
 */
export async function adoptOutcomes(context: RunContext): Promise<void> {
  const { project } = context
  for (const key of await outcomeKeys(project.folder)) {
    const outcome = await readOutcome(project.folder, key).catch((error: unknown) => {
      if (toPlain(error).code === 'storage/newer-version') throw error
      return 'unread' as const
    })
    if (outcome === 'unread') continue
    if (!outcome || outcome.error) {
      await removeOutcome(project.folder, key)
      continue
    }
    if (await adopt(outcome, context)) await removeOutcome(project.folder, key)
  }
}

async function adopt(
  { key, prepared, trained, measured }: Outcome,
  { project, measurements, plan, onEvent }: RunContext
): Promise<boolean> {
  const isNew = (one: Measurement) => !measurements.has(one.model, one.domain, one.definition)
  const found = measured?.measurements.filter(isNew) ?? []
  if (found.length > 0) await measurements.add(found)
  // Text of a study that is planned was taken in before, or is another's that will prepare it again.
  if (!trained) return measured !== undefined || prepared !== undefined
  const run = runsOf(plan).find(({ fingerprint }) => fingerprint === key)
  if (!run || !isRunFinished(project.folder, key)) return false
  if (project.runs.some((head) => head.fingerprint === key && head.state === 'done')) return true
  const record = headOf(run, { ...trained, state: 'done' })
  await project.saveRun(record)
  onEvent({ kind: 'run', record })
  return true
}
