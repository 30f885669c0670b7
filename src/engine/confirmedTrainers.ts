/** Which commands of which projects may run on this machine; kept for the user, not in a project. */
import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import { clusterCommands } from '#shared/executors'
import type { ClusterCommands } from '#shared/executors'
import type { Study } from '#shared/records'
import type { TrainerSettings } from '#shared/trainer'
import { makeFolder, writeFileAtomic } from './storage/files'
import { fingerprintOf } from './storage/fingerprint'
import { verifiedDevicesFile } from './verifiedDevices'

const FileSchema = z.object({
  version: z.literal(1),
  trainers: z.array(
    z.object({
      key: z.string(),
      /** For whoever reads the file. */
      project: z.string(),
      command: z.string(),
      confirmedAt: z.string()
    })
  )
})

/** Where confirmations are kept: beside what else is kept for the user. */
export function confirmedTrainersFile(environment: NodeJS.ProcessEnv = process.env): string {
  return join(dirname(verifiedDevicesFile(environment)), 'confirmed-trainers.json')
}

/** All words that are run, and where the project lies: a copy elsewhere is asked about again. */
async function keyOf(project: string, { command, setup, folder }: TrainerSettings) {
  return fingerprintOf({ project: await realpath(project), command, setup, folder })
}

/**
 * Refuses a study whose runs are trained by a command that the user did not confirm here: a project comes
 * from anywhere, and opening it must run nothing.
 *
 * @param project its folder
 * @throws WorkbenchError `trainer/unconfirmed` with the command
 */
export async function assertTrainerConfirmed(
  project: string,
  { name, trainer }: Pick<Study, 'name' | 'trainer'>,
  file = confirmedTrainersFile()
): Promise<void> {
  if (!trainer) return
  const key = await keyOf(project, trainer)
  if ((await readAll(file)).some((one) => one.key === key)) return
  const setup = trainer.setup.length > 0 ? `\nafter the lines:\n${trainer.setup.join('\n')}` : ''
  const folder = trainer.folder === undefined ? '' : `\nin the folder ${trainer.folder}`
  throw new WorkbenchError(
    'trainer/unconfirmed',
    `Running the study "${name}" runs a command of its own as you on this machine:\n${trainer.command}${setup}${folder}\nIt was not confirmed here for this project. Read it, and what it calls; confirm it only if you trust both.`,
    { study: name, command: trainer.command, setup: trainer.setup, project }
  )
}

/**
 * As {@link assertTrainerConfirmed}, of all that running a study runs: on a cluster that is what its executor
 * says too.
 *
 * @throws WorkbenchError `trainer/unconfirmed`, `executor/unconfirmed` with the commands
 */
export async function assertCommandsConfirmed(
  project: string,
  study: Pick<Study, 'name' | 'trainer' | 'executor'>,
  file = confirmedTrainersFile()
): Promise<void> {
  await assertTrainerConfirmed(project, study, file)
  await assertClusterConfirmed(project, study, file)
}

/** @throws WorkbenchError `executor/unconfirmed` with the commands and places */
export async function assertClusterConfirmed(
  project: string,
  { name, executor }: Pick<Study, 'name' | 'executor'>,
  file = confirmedTrainersFile()
): Promise<void> {
  const commands = clusterCommands(executor)
  if (Object.keys(commands).length === 0) return
  const key = await clusterKey(project, commands)
  if ((await readAll(file)).some((one) => one.key === key)) return
  const lines = Object.entries(commands).map(
    ([field, value]) => `${field}: ${[value].flat().join('\n  ')}`
  )
  throw new WorkbenchError(
    'executor/unconfirmed',
    `The study "${name}" uses its cluster by commands and places of its own, as you:\n${lines.join('\n')}\nThey were not confirmed here for this project. Read them, and what they call; confirm them only if you trust both.`,
    { study: name, ...commands, project }
  )
}

/**
 * Keeps that a cluster may be used so. Only who sits at the machine may ask for it.
 *
 * @throws WorkbenchError `storage/not-writable` or `storage/disk-full`
 */
export async function confirmCluster(
  project: string,
  { executor }: Pick<Study, 'executor'>,
  file = confirmedTrainersFile()
): Promise<void> {
  const commands = clusterCommands(executor)
  if (Object.keys(commands).length === 0) return
  await keep(file, await clusterKey(project, commands), project, JSON.stringify(commands))
}

async function clusterKey(project: string, commands: ClusterCommands): Promise<string> {
  return fingerprintOf({ project: await realpath(project), cluster: commands })
}

/**
 * Keeps that the command of a study may run here. Only who sits at the machine may ask for it: nothing that
 * comes over a wire does.
 *
 * @throws WorkbenchError `storage/not-writable` or `storage/disk-full`
 */
export async function confirmTrainer(
  project: string,
  { trainer }: Pick<Study, 'trainer'>,
  file = confirmedTrainersFile()
): Promise<void> {
  if (!trainer) return
  await keep(file, await keyOf(project, trainer), project, trainer.command)
}

async function keep(file: string, key: string, project: string, command: string): Promise<void> {
  const others = (await readAll(file)).filter((one) => one.key !== key)
  const confirmed = { key, project, command, confirmedAt: new Date().toISOString() }
  await makeFolder(dirname(file))
  const trainers = [...others, confirmed]
  await writeFileAtomic(file, JSON.stringify({ version: 1, trainers }, null, 2) + '\n')
}

async function readAll(file: string) {
  try {
    return FileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).trainers
  } catch {
    // Absent or damaged alike: nothing is confirmed.
    return []
  }
}
