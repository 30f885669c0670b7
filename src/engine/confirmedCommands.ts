/** Which commands of which projects may run on this machine; kept for the user, not in a project. */
import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import { commandsOf } from '#shared/studyCommands'
import type { Study } from '#shared/records'
import { makeFolder, writeFileAtomic } from './storage/files'
import { fingerprintOf } from './storage/fingerprint'
import { verifiedDevicesFile } from './verifiedDevices'

const FileSchema = z.object({
  version: z.literal(1),
  confirmed: z.array(
    z.object({
      key: z.string(),
      /** For whoever reads the file. */
      project: z.string(),
      commands: z.array(z.string()),
      confirmedAt: z.string()
    })
  )
})

type Commanding = Pick<Study, 'name' | 'trainer' | 'executor'>

/** Where confirmations are kept: beside what else is kept for the user. */
export function confirmedCommandsFile(environment: NodeJS.ProcessEnv = process.env): string {
  return join(dirname(verifiedDevicesFile(environment)), 'confirmed-commands.json')
}

/**
 * Refuses a study that runs commands which the user did not confirm here, its trainer or what it has its
 * cluster do: a project comes from anywhere, and opening it must run nothing.
 *
 * @param project its folder
 * @param study as it is to run, its executor with it
 * @throws WorkbenchError `study/unconfirmed` with the commands
 */
export async function assertCommandsConfirmed(
  project: string,
  study: Commanding,
  file = confirmedCommandsFile()
): Promise<void> {
  const unknown = await unconfirmed(project, study, file)
  if (unknown.length === 0) return
  const commands = unknown.flatMap((one) => one.commands)
  throw new WorkbenchError(
    'study/unconfirmed',
    `Running the study "${study.name}" runs commands of its own as you:\n${commands.join('\n')}\nThey were not confirmed here for this project. Read them, and what they call; confirm them only if you trust both.`,
    { study: study.name, commands, project }
  )
}

/**
 * Keeps that the commands of a study may run here. Only who sits at the machine may ask for it: nothing that
 * comes over a wire does.
 *
 * @throws WorkbenchError `storage/not-writable` or `storage/disk-full`
 */
export async function confirmCommands(
  project: string,
  study: Commanding,
  file = confirmedCommandsFile()
): Promise<void> {
  const added = await unconfirmed(project, study, file)
  if (added.length === 0) return
  const confirmedAt = new Date().toISOString()
  const confirmed = [
    ...(await readAll(file)),
    ...added.map(({ key, commands }) => ({ key, project, commands, confirmedAt }))
  ]
  await makeFolder(dirname(file))
  await writeFileAtomic(file, JSON.stringify({ version: 1, confirmed }, null, 2) + '\n')
}

/** What the trainer and the cluster of a study run that nobody confirmed here, each in words. */
async function unconfirmed(project: string, study: Commanding, file: string) {
  const parts = commandsOf(study)
  if (parts.length === 0) return []
  // A copy elsewhere is asked about again.
  const place = await realpath(project)
  const known = new Set((await readAll(file)).map(({ key }) => key))
  return parts
    .map(({ whose, commands }) => ({
      key: fingerprintOf({ project: place, whose, commands }),
      commands: Object.entries(commands).flatMap(([field, value]) =>
        (Array.isArray(value) ? value : [value]).map((line) => `${whose}, ${field}: ${line}`)
      )
    }))
    .filter(({ key }) => !known.has(key))
}

async function readAll(file: string) {
  try {
    return FileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).confirmed
  } catch {
    // Absent or damaged alike: nothing is confirmed.
    return []
  }
}
