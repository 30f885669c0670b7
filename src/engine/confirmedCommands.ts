/** Which commands of which projects may run on this machine; kept for the user, not in a project. */
import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import { commandsOf } from '#shared/studyCommands'
import type { ShownCommands, StudyCommands } from '#shared/studyCommands'
import { visibleText } from '#shared/visibleText'
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
  const unknown = (await partsOf(project, study, file)).filter(({ isKnown }) => !isKnown)
  if (unknown.length === 0) return
  const commands = unknown.flatMap(wordsOf)
  throw new WorkbenchError(
    'study/unconfirmed',
    `Running the study "${study.name}" runs commands of its own as you:\n${commands.map(visibleText).join('\n')}\nThey were not confirmed here for this project. Read them, and what they call; confirm them only if you trust both.`,
    { study: study.name, commands, project }
  )
}

/** What of a study is run as a command, line by line, and whether it may. */
export async function readCommands(
  project: string,
  study: Commanding,
  file = confirmedCommandsFile()
): Promise<ShownCommands[]> {
  return (await partsOf(project, study, file)).map(({ whose, commands, isKnown }) => ({
    whose,
    lines: linesOf(commands).map(([field, text]) => ({ field, text })),
    key: shownKey({ whose, commands }),
    isConfirmed: isKnown
  }))
}

/**
 * Keeps that commands may run here which somebody was just shown: those and no others, since the study may have
 * been changed while they read.
 *
 * @param keys of all that {@link readCommands} said is not confirmed
 * @throws WorkbenchError `study/unconfirmed` where other commands wait than were shown; else as
 *   {@link confirmCommands}
 */
export async function confirmShownCommands(
  project: string,
  study: Commanding,
  keys: readonly string[],
  file = confirmedCommandsFile()
): Promise<void> {
  const waiting = (await readCommands(project, study, file)).filter((one) => !one.isConfirmed)
  const shown = new Set(keys)
  if (waiting.length !== shown.size || !waiting.every(({ key }) => shown.has(key))) {
    throw new WorkbenchError(
      'study/unconfirmed',
      `The commands of the study "${study.name}" are others by now than those that were shown. Nothing was confirmed: read them again.`,
      { study: study.name }
    )
  }
  await confirmCommands(project, study, file)
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
  const added = (await partsOf(project, study, file)).filter(({ isKnown }) => !isKnown)
  if (added.length === 0) return
  const confirmedAt = new Date().toISOString()
  await writeAll(file, [
    ...(await readAll(file)),
    ...added.map((one) => ({ key: one.key, project, commands: wordsOf(one), confirmedAt }))
  ])
}

/**
 * Takes back that the commands of a study may run here, those of another study that are the same with them. What
 * runs already goes on. Anybody may: nothing runs by it that would not run else.
 *
 * @returns how many parts, trainer and cluster, may run no more
 * @throws WorkbenchError `storage/not-writable` or `storage/disk-full`
 */
export async function withdrawCommands(
  project: string,
  study: Commanding,
  file = confirmedCommandsFile()
): Promise<number> {
  const known = (await partsOf(project, study, file)).filter(({ isKnown }) => isKnown)
  if (known.length === 0) return 0
  const gone = new Set(known.map(({ key }) => key))
  await writeAll(
    file,
    (await readAll(file)).filter(({ key }) => !gone.has(key))
  )
  return known.length
}

/** What the trainer and the cluster of a study run, and whether somebody confirmed it here. */
async function partsOf(project: string, study: Commanding, file: string) {
  const parts = commandsOf(study)
  if (parts.length === 0) return []
  // A copy elsewhere is asked about again.
  const place = await realpath(project)
  const known = new Set((await readAll(file)).map(({ key }) => key))
  return parts.map((part) => {
    const key = fingerprintOf({ project: place, ...part })
    return { ...part, key, isKnown: known.has(key) }
  })
}

/** Of a screen's, which is not to know where the project lies. */
function shownKey(part: StudyCommands): string {
  return fingerprintOf({ ...part })
}

function linesOf(commands: StudyCommands['commands']): [field: string, line: string][] {
  return Object.entries(commands).flatMap(([field, value]) =>
    [value].flat().map((line) => [field, line] as [string, string])
  )
}

function wordsOf({ whose, commands }: StudyCommands): string[] {
  return linesOf(commands).map(([field, line]) => `${whose}, ${field}: ${line}`)
}

type Confirmations = z.infer<typeof FileSchema>['confirmed']

async function writeAll(file: string, confirmed: Confirmations): Promise<void> {
  await makeFolder(dirname(file))
  await writeFileAtomic(file, JSON.stringify({ version: 1, confirmed }, null, 2) + '\n')
}

async function readAll(file: string): Promise<Confirmations> {
  try {
    return FileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).confirmed
  } catch {
    // Absent or damaged alike: nothing is confirmed.
    return []
  }
}
