/** A study's executor while it is typed: fields, lines, what is wrong at which field. Pure. */
import { ExecutorSchema, SlurmExecutorSchema } from '#shared/executors'
import type { ExecutorSettings, SlurmSettings } from '#shared/executors'

/** A cluster of which nothing is said yet. */
export const PLAIN_CLUSTER: SlurmSettings = SlurmExecutorSchema.parse({ kind: 'slurm' })

type Field = keyof SlurmSettings

/** With a field as it was typed; one that is empty is left to the cluster, or to its default. */
export function withField(settings: SlurmSettings, field: Field, value: unknown): SlurmSettings {
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
  return faults
}
