/** Every file of a project with the check that fits its kind. */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { RunSchema, TracePointSchema } from '#shared/records'
import { toPlain } from '#shared/errors'
import { isClaimed } from './claims'
import { DocumentNats, placeInWords } from './documentNats'
import { SUMS_FILE } from './files'
import { hashFile } from './fingerprint'
import { linesOf } from './lines'
import { MeasurementLineSchema } from './measurements'
import { BEFORE_FILE, PROJECT_FILE, TABLES_FILE, projectPaths } from './paths'
import { PredictionSchema } from './predictions'
import { parseProject } from './projectFormat'
import type { ProjectData } from './projectFormat'
import { readingCode } from './readErrors'
import { openToRead, readBytes, readText } from './reading'
import { manifestFiles, manifestSums } from './runs'
import { openSealedBytes, readSums } from './sealedFiles'
import { openLine, openSealed } from './seals'
import { walkFolders } from './walkFolders'

/** What is wrong with a file. */
export interface Fault {
  expected: string
  found: string
  /** Nothing is known of what it holds: it could not be read. */
  isUnreadable?: true
}

/** `unsealed`: of an earlier version, which wrote no checksum. */
export type Verdict = 'sound' | 'unsealed' | Fault

export interface FileCheck {
  /** Relative to the project. */
  name: string
  /** 0 where it is missing. */
  bytes: number
  check: () => Promise<Verdict>
}

/** Of the processes that work in it, or set aside before. */
const LEFT_OUT = [
  /^lock\.json/,
  /^runs\/[^/]+\/claim\.json/,
  // Logs and scripts; what was submitted is looked at.
  /^cluster\/(?![^/]+\/submission\.json$)/,
  /^damaged\//,
  /^cache\/drops\//,
  /\.(draft|replaced)-[0-9a-f]{12}(\/|$)/
]

/** What there is to check. */
export interface CheckList {
  checks: FileCheck[]
  /** Folders of runs that somebody trains, relative to the project: they change, and are not checked. */
  inUse: string[]
}

/**
 * Lists all files of a project, and files that are missing though others name them.
 *
 * @param data the records; null where they cannot be read
 * @throws WorkbenchError `storage/newer-version`
 */
export async function listChecks(project: string, data: ProjectData | null): Promise<CheckList> {
  const unreadable: FileCheck[] = []
  const entries: string[] = []
  await walkFolders(
    project,
    (folder, found) => {
      for (const entry of found) {
        // A pipe or the like belongs in no project: that is told as what it is.
        if (entry.isDirectory() || entry.isSymbolicLink()) continue
        entries.push(relative(project, join(folder, entry.name)))
      }
    },
    (folder, error) => {
      const verdict = unreadableFault(error)
      unreadable.push({
        name: relative(project, folder),
        bytes: 0,
        check: () => Promise.resolve(verdict)
      })
    }
  )
  const inUse = await runsInUse(project, entries)
  const names = entries
    .filter((name) => !LEFT_OUT.some((pattern) => pattern.test(name)))
    .filter((name) => !isUnder(name, inUse))
    .sort()
  const hashes = await namedHashes(project, names, data)
  if (data?.tables) hashes.set(TABLES_FILE, data.tables.fingerprint)
  const there = await Promise.all(
    names.map(async (name): Promise<FileCheck> => {
      const path = join(project, name)
      const found = await stat(path).catch(() => null)
      const check = () =>
        found?.isFile() === false ? refusal(path) : verdictOn(path, name, hashes.get(name), data)
      return {
        name,
        bytes: found?.size ?? 0,
        check: () => check().catch(readingFailed(hashes.get(name)))
      }
    })
  )
  const isLeftOut = (name: string) =>
    data?.isBundle === true && /^exports\/.*\.safetensors$/.test(name)
  const known = new Set(names)
  const closed = unreadable.map(({ name }) => name)
  const missing = [...hashes.keys()]
    .filter((name) => !known.has(name) && !isLeftOut(name) && !isUnder(name, closed))
    .map((name): FileCheck => {
      const verdict = { expected: hashes.get(name)!, found: 'no file' }
      return { name, bytes: 0, check: () => Promise.resolve(verdict) }
    })
  const documents = await missingDocuments(project, names)
  return { checks: [...there, ...missing, ...documents, ...unreadable], inUse }
}

const isUnder = (name: string, folders: readonly string[]) =>
  folders.some((folder) => name.startsWith(`${folder}/`))

/** A run that is trained, here or on another machine, writes and replaces its files meanwhile. */
async function runsInUse(project: string, names: readonly string[]): Promise<string[]> {
  const claimed = names.flatMap((name) => /^runs\/([^/]+)\/claim\.json$/.exec(name)?.[1] ?? [])
  const inUse = await Promise.all(claimed.map((run) => isClaimed(project, run)))
  return claimed
    .filter((_, i) => inUse[i])
    .map((run) => join('runs', run))
    .sort()
}

/** Of what cannot be read nothing is known: that is told, and the rest is checked all the same. */
function unreadableFault(error: unknown): Fault {
  const code = readingCode(error)
  if (code === null) throw error
  return { expected: 'a file that can be read', found: `unreadable (${code})`, isUnreadable: true }
}

/** @returns what a check that failed says of the file; what went away meanwhile nobody named is nothing */
function readingFailed(hash: string | undefined): (error: unknown) => Verdict {
  return (error) => {
    const { code, details } = toPlain(error)
    // A pipe, or a folder, in its place.
    if (code === 'storage/corrupt') {
      return { expected: String(details['expected']), found: String(details['found']) }
    }
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return unreadableFault(error)
    return hash === undefined ? 'sound' : { expected: hash, found: 'no file' }
  }
}

/** The file of documents' nats, where it is missing though lines of measurements name it. */
async function missingDocuments(project: string, names: readonly string[]): Promise<FileCheck[]> {
  const name = basename(projectPaths.documentNats(project))
  if (names.includes(name)) return []
  const path = projectPaths.documentNats(project)
  // Lines that cannot be read are told of themselves.
  const verdict = await ofDocuments(path, name, null).catch((error: unknown) => {
    if (readingCode(error) !== null) return 'sound' as const
    throw error
  })
  return verdict === 'sound' ? [] : [{ name, bytes: 0, check: () => Promise.resolve(verdict) }]
}

/** Hashes that manifests and folders' sums name. Damaged ones name none: they are found themselves. */
async function namedHashes(
  project: string,
  names: readonly string[],
  data: ProjectData | null
): Promise<Map<string, string>> {
  const hashes = new Map<string, string>()
  for (const name of names) {
    const run = /^runs\/([^/]+)\/manifest\.json$/.exec(name)?.[1]
    const isSums = name.endsWith(`/${SUMS_FILE}`)
    const tokenizer = /^tokenizers\/([^/]+)\/tokenizer\.json$/.exec(name)?.[1]
    if (tokenizer !== undefined) hashes.set(name, tokenizer)
    if (run === undefined && !isSums) continue
    const listed =
      run === undefined
        ? filesOfSums(project, name)
        : filesOfRun(project, run, data?.isBundle === true)
    const files = await listed.catch((error: unknown) => {
      if (toPlain(error).code === 'storage/newer-version') throw error
      return []
    })
    for (const { path, sha256 } of files) hashes.set(relative(project, path), sha256)
  }
  return hashes
}

interface NamedFile {
  path: string
  sha256: string
}

/** Weights, which a bundle lacks, and the curve: its lines have their own checksums, and all of them must be there. */
async function filesOfRun(project: string, run: string, isBundle: boolean): Promise<NamedFile[]> {
  const { files, trace } = await manifestSums(project, run)
  return [...(trace ? [trace] : []), ...(isBundle ? [] : files)]
}

async function filesOfSums(project: string, name: string): Promise<NamedFile[]> {
  const folder = join(project, name, '..')
  const sums = await readSums(folder)
  return (sums?.files ?? []).map((file) => ({ path: join(folder, file.name), sha256: file.sha256 }))
}

/** @throws WorkbenchError `storage/corrupt` with what is there in place of a file */
async function refusal(path: string): Promise<Verdict> {
  await (await openToRead(path)).close()
  return 'unsealed'
}

async function verdictOn(
  path: string,
  name: string,
  hash: string | undefined,
  data: ProjectData | null
): Promise<Verdict> {
  if (hash !== undefined) {
    const found = await hashFile(path)
    return found === hash ? 'sound' : { expected: hash, found }
  }
  const check = KINDS.find(([pattern]) => pattern.test(name))?.[1]
  return check ? check(path, name, data) : 'unsealed'
}

type Check = (path: string, name: string, data: ProjectData | null) => Promise<Verdict>

const ofLines =
  (
    schema: { safeParse(value: unknown): { success: boolean } },
    mayBeTorn: (name: string, data: ProjectData | null) => boolean
  ): Check =>
  async (path, name, data) => {
    let verdict: Verdict = 'sound'
    for await (const { text, number, isWhole } of linesOf(path)) {
      const opened = openLine(text)
      if (!isWhole) {
        if (!mayBeTorn(name, data))
          return { expected: `a whole line ${number}`, found: 'a torn one' }
      } else if (opened.state === 'damaged') {
        return { expected: `${opened.expected} in line ${number}`, found: opened.found }
      } else if (!schema.safeParse(opened.value).success) {
        return { expected: `a known record in line ${number}`, found: 'another' }
      }
      if (opened.state === 'unsealed') verdict = 'unsealed'
    }
    return verdict
  }

/** A JSON document with its checksum; `parse` says what else is wrong with it. */
const ofText =
  (parse: (text: string, path: string) => void = () => undefined): Check =>
  async (path) => {
    const text = await readText(path)
    const opened = openSealed(text)
    if (opened.state === 'damaged') return { expected: opened.expected, found: opened.found }
    try {
      parse(text, path)
    } catch (error) {
      const { code, details, message } = toPlain(error)
      if (code !== 'storage/corrupt') throw error
      const { expected, found } = details as Partial<Record<string, string>>
      return { expected: expected ?? 'a file that can be read', found: found ?? message }
    }
    return opened.state
  }

const ofBytes: Check = async (path) => {
  const { state } = openSealedBytes(await readBytes(path))
  return state === 'damaged' ? { expected: 'the hash at its end', found: 'another' } : state
}

const ofManifest: Check = async (path, name, data) => {
  const verdict = await ofText()(path, name, data)
  if (typeof verdict === 'object') return verdict
  const run = dirname(path)
  try {
    await manifestFiles(join(run, '../..'), basename(run))
    return verdict
  } catch (error) {
    const { code, message } = toPlain(error)
    if (code !== 'storage/corrupt') throw error
    return { expected: 'the manifest of this run', found: message }
  }
}

/** An array job whose record is not sound nobody knows of, be it in the queue. */
const ofSubmission: Check = async (path, name, data) => {
  const verdict = await ofText()(path, name, data)
  if (verdict !== 'unsealed') return verdict
  return { expected: 'a checksum at the end', found: 'none' }
}

const SUM_BYTES = 32

/** A search's file begins with the hash of the rest. */
const ofSearch: Check = async (path) => {
  const file = await readBytes(path)
  const found = createHash('sha256').update(file.subarray(SUM_BYTES)).digest('hex')
  const expected = file.subarray(0, SUM_BYTES).toString('hex')
  return found === expected ? 'sound' : { expected, found }
}

/**
 * Every line's documents, held against the line's checksum of them. Bytes that no line names were being
 * written when somebody died, or belong to a line that was set aside: they mean nothing.
 */
const ofDocuments: Check = async (path) => {
  const documents = new DocumentNats(path)
  try {
    for await (const { text } of linesOf(projectPaths.measurements(dirname(path)))) {
      const opened = openLine(text)
      const line = MeasurementLineSchema.safeParse(opened.value)
      if (opened.state === 'damaged' || !line.success || !('at' in line.data)) continue
      const fault = documents.faultAt(line.data)
      const at = placeInWords(line.data)
      if (fault) return { expected: `${fault.expected} in ${at}`, found: fault.found }
    }
    return 'sound'
  } finally {
    documents.close()
  }
}

/** Only a run that has not ended may have been cut off amid a line. */
const isUnfinished = (name: string, data: ProjectData | null): boolean =>
  data?.runs.find(({ fingerprint }) => name.split('/')[1] === fingerprint)?.state !== 'done'

/** The first that fits a name decides. */
const KINDS: readonly [RegExp, Check][] = [
  [new RegExp(`^(${PROJECT_FILE}|${BEFORE_FILE})$`), ofText(parseProject)],
  [/^project\.version-\d+\.assay-backup$/, ofText(parseProject)],
  [/^measurements\.jsonl$/, ofLines(MeasurementLineSchema, () => false)],
  [/^measurements\.f64$/, ofDocuments],
  [/^heads\.jsonl$/, ofLines(RunSchema, () => true)],
  [/^predictions\.jsonl$/, ofLines(PredictionSchema, () => false)],
  [/^runs\/[^/]+\/trace\.jsonl$/, ofLines(TracePointSchema, isUnfinished)],
  [/^runs\/[^/]+\/manifest\.json$/, ofManifest],
  [/\/sums\.json$/, ofText()],
  [/^cluster\/[^/]+\/submission\.json$/, ofSubmission],
  [/^outcomes\/[^/]+\.json$/, ofText()],
  [/^cache\/search\.f64$/, ofSearch],
  [/^cache\/.*\.(f32|bin)$/, ofBytes],
  [/^cache\/.*\.json$/, ofText()]
]
