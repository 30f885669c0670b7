/** Where a study's runs are done: on this machine, or by a Slurm cluster. No part of what they are. */
import { z } from 'zod'

const words = z.string().trim().min(1)
const positive = z.int().positive()
/** One line of a script: a second would be another command that nobody sees in the form. */
const line = words.regex(/^[^\r\n]*$/, 'one line, without a line break')

/** How this machine's GPUs are used. */
const machine = {
  /** Numbers of the GPUs that are used, as the driver counts them; all of them by default. */
  devices: z.union([z.literal('all'), z.array(z.int().nonnegative()).min(1)]).default('all'),
  /** Runs on one GPU at once; null: as many as a measurement of the study's model says. */
  runsPerDevice: z.int().positive().max(16).nullable().default(null)
}

/** A Slurm cluster; what is left out is left to the cluster. */
export const SlurmExecutorSchema = z.strictObject({
  kind: z.literal('slurm'),
  partition: words.optional(),
  account: words.optional(),
  qos: words.optional(),
  /** Wall time of one element at most; a run that needs longer goes on from where it was left. */
  timeMinutes: positive.default(60),
  memoryMegabytes: positive.optional(),
  cpus: positive.default(1),
  /** Generic resources of one element, such as `gpu:1`. */
  gres: words.optional(),
  /** Further options of `sbatch`, as they stand behind `#SBATCH`. */
  options: z.array(line).default([]),
  /** Lines of the script before the work: modules, environments. */
  setup: z.array(line).default([]),
  /** What stands before the command, such as `apptainer exec --nv image.sif`. */
  container: line.optional(),
  /** How Assay is called on the nodes; the way it runs here by default. */
  command: line.optional(),
  /** Elements of the study that run at once, at most. */
  mostAtOnce: positive.default(64),
  /** Elements of the study that are in the queue at once, at most; as many as the cluster takes by default. */
  mostSubmitted: positive.optional(),
  /** Models that one element measures, one after another. */
  modelsPerElement: positive.default(32),
  /** Where text is prepared: on this machine, or by an element, for a submit host that wants no work done on it. */
  prepareText: z.enum(['here', 'cluster']).default('here'),
  pollSeconds: z.int().min(10).max(600).default(30),
  /** A host that `sbatch` is called on by `ssh`, where this machine is no submit host. */
  host: words.regex(/^[^-\s]\S*$/, 'the name of a host, which begins with no dash').optional(),
  /** The project's folder there, where it is not on storage that both share. */
  folder: words.regex(/^\/[^\r\n]*$/, 'an absolute path').optional(),
  /** How this machine was used for the study before: kept for when it comes back. */
  local: z.strictObject(machine).optional()
})

/** Worker processes of this machine. */
export const LocalExecutorSchema = z.strictObject({
  kind: z.literal('local'),
  ...machine,
  /** The cluster that the study ran on before: kept for when it goes back there, and used for nothing. */
  cluster: SlurmExecutorSchema.omit({ local: true }).optional()
})

export const ExecutorSchema = z.discriminatedUnion('kind', [
  LocalExecutorSchema,
  SlurmExecutorSchema
])
export type LocalSettings = z.infer<typeof LocalExecutorSchema>
export type SlurmSettings = z.infer<typeof SlurmExecutorSchema>
export type ExecutorSettings = z.infer<typeof ExecutorSchema>

/** What a study that says nothing runs on. */
export const LOCAL: LocalSettings = LocalExecutorSchema.parse({ kind: 'local' })

/** How this machine is used for a study: as its record says, where that says anything of it. */
export function localSettingsOf(executor: ExecutorSettings | undefined): LocalSettings {
  if (executor?.kind === 'local') return executor
  return { ...LOCAL, ...executor?.local }
}

/** The cluster that a study runs on, or else the one that is kept for it. */
export function clusterSettingsOf(
  executor: ExecutorSettings | undefined
): SlurmSettings | undefined {
  return executor?.kind === 'slurm' ? executor : executor?.cluster
}

/** On a cluster, with how this machine is used kept for when the study comes back; nothing where that is the default. */
export function onCluster(
  { local: _, ...slurm }: SlurmSettings,
  { devices, runsPerDevice }: LocalSettings
): SlurmSettings {
  const isDefault = devices === LOCAL.devices && runsPerDevice === LOCAL.runsPerDevice
  return isDefault ? slurm : { ...slurm, local: { devices, runsPerDevice } }
}

/** On this machine, with a cluster's settings kept for when the study goes back there. */
export function onThisMachine(
  local: LocalSettings,
  { local: _, ...cluster }: SlurmSettings
): LocalSettings {
  return { ...local, cluster }
}

/**
 * A study's executor as it is saved over an earlier one: who says "this machine" and nothing of a cluster, or the
 * other way round, does not mean that the other's settings should be lost, which a browser could not type again.
 */
export function keepingOther(
  executor: ExecutorSettings | undefined,
  before: ExecutorSettings | undefined
): ExecutorSettings | undefined {
  if (executor?.kind === 'slurm') {
    return executor.local ? executor : onCluster(executor, localSettingsOf(before))
  }
  if (before?.kind !== 'slurm' || clusterSettingsOf(executor)) return executor
  // Who says nothing of this machine either means it as it was.
  return onThisMachine(executor ?? localSettingsOf(before), before)
}

/** Settings of a cluster that are commands, or places on it: what they say is run, or reached. */
export type ClusterCommands = Partial<
  Pick<SlurmSettings, 'options' | 'setup' | 'container' | 'command' | 'host' | 'folder'>
>

/** What an executor has of them; nothing for this machine, and where all are left out. */
export function clusterCommands(executor: ExecutorSettings | undefined): ClusterCommands {
  if (executor?.kind !== 'slurm') return {}
  const { options, setup, container, command, host, folder } = executor
  return {
    ...(options.length > 0 ? { options } : {}),
    ...(setup.length > 0 ? { setup } : {}),
    ...(container === undefined ? {} : { container }),
    ...(command === undefined ? {} : { command }),
    ...(host === undefined ? {} : { host }),
    ...(folder === undefined ? {} : { folder })
  }
}
