/** Checks all files of a project; what is damaged is named, and set aside where that is asked for. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { WorkbenchError, toPlain } from '#shared/errors'
import { writeFileAtomic, moveAside, makeFolder } from './files'
import { listChecks } from './fileChecks'
import type { Fault } from './fileChecks'
import { hashFile } from './fingerprint'
import { linesOf } from './lines'
import { lockProject } from './lock'
import { soundMeasurements } from './measurements'
import { PROJECT_FILE, projectPaths } from './paths'
import { projectFolder } from './project'
import { parseEditedProject, projectText } from './projectFormat'
import type { ProjectData } from './projectFormat'
import { readingCode } from './readErrors'
import { readBytes, readText } from './reading'
import { puttingBack, readRecordsBefore } from './recordsBefore'
import { UNREADABLE, planRedoing } from './redoing'
import type { Redoing } from './redoing'
import { withNewerHeads } from './runHeads'
import { openLine } from './seals'

/** A file that is not what was written. */
export interface DamagedFile extends Fault, Redoing {
  /** Relative to the project. */
  file: string
  bytes: number
}

/** What came of checking a project. */
export interface ProjectCheck {
  folder: string
  files: number
  bytes: number
  /** Files of earlier versions, which wrote no checksum of them: nothing is known of these. */
  unsealed: number
  damaged: DamagedFile[]
  /** Folders of runs that are being trained, relative to the project: these were neither checked nor moved. */
  inUse: string[]
  /** Where damaged things were moved to, relative to the project; null where nothing was. */
  movedTo: string | null
}

export interface CheckOptions {
  /** Set damaged things aside, so that the next run redoes them. */
  repair?: boolean
  /** Records whose checksum does not fit are taken as they are: they were changed by hand on purpose. */
  keepEdits?: boolean
  /** Finished runs of which the curve is lost, and the model is sound, are set aside too: they are trained again. */
  redoCurves?: boolean
  /** This process has the project open, and changes nothing meanwhile: no lock is taken. */
  isHeld?: boolean
  /** Told before anything is read, then of each file. */
  onTotal?: (bytes: number) => void
  onBytes?: (bytes: number) => void
  signal?: AbortSignal
}

/**
 * Reads every file of a project and holds it against its checksum; streamed.
 *
 * With `repair` damaged things are moved into `damaged/` within the project, never deleted: a run with
 * all that is in its folder, so that it is trained again; a folder of tokens, so that it is prepared
 * again; of lines those that are sound stay. Damaged records are put back as they were before the last
 * change, unless they were changed by hand on purpose.
 *
 * @throws WorkbenchError `storage/missing`, `storage/locked`, `storage/newer-version`
 * @throws the signal's reason when aborted; then nothing was moved
 */
export async function checkProject(
  path: string,
  options: CheckOptions = {}
): Promise<ProjectCheck> {
  const folder = projectFolder(path)
  if (!existsSync(projectPaths.file(folder))) throw missing(folder)
  const locking = options.isHeld === true ? Promise.resolve(null) : lockProject(folder)
  const lock = await locking.catch((error: unknown) => {
    // What cannot be written can be checked all the same.
    if (options.repair !== true && toPlain(error).code === 'storage/not-writable') return null
    throw error
  })
  try {
    const found = await recordsOf(folder)
    const before =
      options.keepEdits === true ? null : await readRecordsBefore(folder).catch(nothingReadable)
    const data = found ?? before
    const { checks, inUse } = await listChecks(folder, data)
    options.onTotal?.(checks.reduce((sum, { bytes }) => sum + bytes, 0))
    const damaged: DamagedFile[] = []
    const redoCurves = options.redoCurves === true
    let unsealed = 0
    for (const check of checks) {
      options.signal?.throwIfAborted()
      const verdict = await check.check()
      if (verdict === 'unsealed') unsealed++
      else if (verdict !== 'sound') {
        const { isUnreadable = false, ...fault } = verdict
        const isPutBack = before !== null && check.name === PROJECT_FILE
        const redoing = isUnreadable
          ? UNREADABLE
          : isPutBack
            ? puttingBack(before, found)
            : await redoingOf(folder, { found, data, redoCurves }, check.name)
        damaged.push({ file: check.name, bytes: check.bytes, ...fault, ...redoing })
      }
      options.onBytes?.(check.bytes)
    }
    const bytes = checks.reduce((sum, one) => sum + one.bytes, 0)
    const movedTo = options.repair
      ? await repair(folder, await stillDamaged(folder, data, damaged), before)
      : null
    return { folder, files: checks.length, bytes, unsealed, damaged, inUse, movedTo }
  } finally {
    await lock?.release()
  }
}

/** @throws any error but one of the system's, that a file cannot be read */
function nothingReadable(error: unknown): null {
  if (readingCode(error) === null) throw error
  return null
}

function missing(folder: string): WorkbenchError {
  return new WorkbenchError(
    'storage/missing',
    `There is no project at ${folder}. Choose the folder of a project.`,
    { folder }
  )
}

/** The records, be they damaged; null where they cannot be read at all: what checks the file says why. */
async function recordsOf(folder: string): Promise<ProjectData | null> {
  const path = projectPaths.file(folder)
  try {
    const { data } = parseEditedProject(await readText(path), path)
    const heads = await withNewerHeads(folder, data.runs).catch(() => data.runs)
    return { ...data, runs: heads }
  } catch (error) {
    if (toPlain(error).code !== 'storage/corrupt' && readingCode(error) === null) throw error
    return null
  }
}

/** @param records `data`: those before where `found` cannot be read */
async function redoingOf(
  folder: string,
  records: { found: ProjectData | null; data: ProjectData | null; redoCurves: boolean },
  name: string
): Promise<Redoing> {
  const { found, data, redoCurves } = records
  const hasCopy = (await soundTokenizer(folder, name)) !== null
  const run = /^runs\/([^/]+)\/trace\.jsonl$/.exec(name)?.[1]
  const isFinished = run !== undefined && existsSync(projectPaths.manifest(folder, run))
  const options = { hasCopy, keepsModel: isFinished && !redoCurves }
  return planRedoing(name, name === PROJECT_FILE ? found : data, options)
}

/**
 * Those that are damaged still: sums and files are read again, since checking may have taken hours, in which
 * somebody may have claimed a run, or replaced what was read first.
 */
async function stillDamaged(
  folder: string,
  data: ProjectData | null,
  damaged: readonly DamagedFile[]
): Promise<DamagedFile[]> {
  if (damaged.length === 0) return []
  const { checks } = await listChecks(folder, data)
  const again = new Map(checks.map(({ name, check }) => [name, check]))
  const still: DamagedFile[] = []
  for (const one of damaged) {
    const verdict = await again.get(one.file)?.()
    if (typeof verdict === 'object' && verdict.isUnreadable !== true) still.push(one)
  }
  return still
}

/** Moves what is damaged aside. @param records to be put back, if any @returns where to, relative to the project; null: nowhere */
async function repair(
  folder: string,
  all: readonly DamagedFile[],
  records: ProjectData | null
): Promise<string | null> {
  const damaged = all.filter(({ aside }) => aside !== null && existsSync(join(folder, aside)))
  // Before anything is moved: a run that goes aside may hold the copy of a tokenizer.
  const replaced = new Map<string, string>()
  const moved: string[] = []
  for (const aside of new Set(damaged.flatMap(({ aside }) => aside ?? []))) {
    const text = await replacement(folder, aside, records)
    if (text !== null) replaced.set(aside, text)
    // What lacks only lines that are lost is as it will be.
    const isSame = text !== null && text === (await readText(join(folder, aside)))
    if (!isSame) moved.push(aside)
  }
  if (moved.length === 0) return null
  const base = join(folder, 'damaged')
  await makeFolder(base)
  const before = (await readdir(base)).map(Number).filter(Number.isInteger)
  const name = String(Math.max(0, ...before) + 1)
  for (const aside of moved) {
    if (!existsSync(join(folder, aside))) continue
    const text = replaced.get(aside)
    const target = join(base, name, aside)
    if (text === undefined) {
      await moveAside(join(folder, aside), target)
      continue
    }
    // There is never a moment without the file.
    await makeFolder(dirname(target))
    await writeFileAtomic(target, await readBytes(join(folder, aside)))
    await writeFileAtomic(join(folder, aside), text)
  }
  return join('damaged', name)
}

/** What takes the place of what is moved aside; null where nothing does until it is redone. */
async function replacement(
  folder: string,
  file: string,
  records: ProjectData | null
): Promise<string | null> {
  if (file === PROJECT_FILE) return records ? projectText(records) : editedRecords(folder)
  if (file === 'measurements.jsonl') return soundMeasurements(folder)
  if (['predictions.jsonl', 'heads.jsonl'].includes(file) || file.endsWith('/trace.jsonl')) {
    return soundLines(join(folder, file))
  }
  return soundTokenizer(folder, file)
}

/** Lines that are what was written, as they were. */
async function soundLines(path: string): Promise<string> {
  const kept: string[] = []
  for await (const { text, isWhole } of linesOf(path)) {
    if (isWhole && openLine(text).state !== 'damaged') kept.push(text + '\n')
  }
  return kept.join('')
}

/** Records as they stand in a file whose checksum does not fit, sealed anew. */
async function editedRecords(folder: string): Promise<string> {
  const path = projectPaths.file(folder)
  const text = await readText(path)
  return projectText(parseEditedProject(text, path).data)
}

const TOKENIZER = /^tokenizers\/([^/]+)\/tokenizer\.json$/

/** A project's tokenizer is in every checkpoint too: a copy that is sound; null where there is none. */
async function soundTokenizer(folder: string, name: string): Promise<string | null> {
  const hash = TOKENIZER.exec(name)?.[1]
  if (hash === undefined) return null
  const runs = await readdir(join(folder, 'runs')).catch(() => [])
  for (const run of runs) {
    const copy = join(projectPaths.checkpoint(folder, run), 'tokenizer.json')
    const found = await hashFile(copy).catch(() => null)
    if (found === hash) return readText(copy)
  }
  return null
}
