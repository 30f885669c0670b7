/** A study's executor while it is typed: fields, lines, what is wrong at which field. Pure. */
import {
  ExecutorSchema,
  SlurmExecutorSchema,
  clusterSettingsOf,
  localSettingsOf,
  onCluster,
  onThisMachine
} from '#shared/executors'
import { optionFault } from '#shared/sbatchOptions'
import type { ExecutorSettings, LocalSettings, SlurmSettings } from '#shared/executors'

/** A cluster of which nothing is said yet. */
export const PLAIN_CLUSTER: SlurmSettings = SlurmExecutorSchema.parse({ kind: 'slurm' })

/** What of a cluster is typed in a form. */
export type ClusterField = Exclude<keyof SlurmSettings, 'kind' | 'local'>

/** What a form says of both kinds of executor, whichever is chosen. */
export interface KeptSettings {
  local: LocalSettings
  slurm: SlurmSettings
  /** Whether the study says anything of a cluster. */
  hasCluster: boolean
}

/** What a study says of both when its form is opened. */
export function keptSettings(executor: ExecutorSettings | undefined): KeptSettings {
  const slurm = clusterSettingsOf(executor)
  return {
    local: localSettingsOf(executor),
    slurm: slurm ?? PLAIN_CLUSTER,
    hasCluster: slurm !== undefined
  }
}

/**
 * A study's executor once it is of another kind. The settings of the other stay in the study, for when it goes
 * back: of a cluster those typed last where they are sound, else those that were kept before.
 *
 * @param kept what was said of both so far, the one chosen now included
 */
export function chosenExecutor(
  kind: ExecutorSettings['kind'],
  { local, slurm, hasCluster }: KeptSettings
): ExecutorSettings {
  if (kind === 'slurm') return onCluster(slurm, local)
  const { success, data } = SlurmExecutorSchema.safeParse(slurm)
  const isSaid = hasCluster || JSON.stringify(data) !== JSON.stringify(PLAIN_CLUSTER)
  return success && isSaid ? onThisMachine(local, data) : local
}

/** With a field as it was typed; one that is empty is left to the cluster, or to its default. */
export function withField(
  settings: SlurmSettings,
  field: ClusterField,
  value: unknown
): SlurmSettings {
  const isEmpty = value === '' || value === undefined || Number.isNaN(value)
  if (!isEmpty) return { ...settings, [field]: value }
  const { [field]: _, ...others } = settings
  return {
    ...others,
    ...(field in PLAIN_CLUSTER ? { [field]: PLAIN_CLUSTER[field] } : {})
  } as SlurmSettings
}

/** One thing a line; blank ones say nothing. */
export function linesFrom(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** By field, what the engine's schema says is wrong with it; of a list the first line that is. */
export function executorFaults(executor: ExecutorSettings | undefined): Record<string, string> {
  const parsed = ExecutorSchema.safeParse(executor ?? { kind: 'local' })
  const issues = parsed.success ? [] : parsed.error.issues
  const faults: Record<string, string> = {}
  for (const { path, message } of issues) {
    const [field = 'kind', at] = path
    const line = typeof at === 'number' ? `line ${at + 1}: ` : ''
    faults[String(field)] ??= `${line}${message}`
  }
  if (executor?.kind === 'slurm') {
    executor.options.forEach((line, at) => {
      const fault = optionFault(line, executor)
      if (fault !== null) faults['options'] ??= `line ${at + 1}: ${fault}`
    })
  }
  return faults
}
