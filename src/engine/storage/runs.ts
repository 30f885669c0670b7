/** The folder of a run: its curve, what it resumes from, its checkpoint, and last its manifest. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { RunResultSchema } from '#shared/records'
import type { Run, RunResult } from '#shared/records'
import { FileNameSchema } from './fileName'
import { removeTree, writeFileAtomic } from './files'
import { hashFile } from './fingerprint'
import { projectPaths } from './paths'
import { isThere, nullIfAbsent } from './presence'
import { readText } from './reading'
import { assertNotNewer } from './sealedFiles'
import { damagedError, openSealed, sealedText } from './seals'

/** Since version 2 a manifest ends with a checksum of itself, since version 3 it has the run's curve. */
const MANIFEST_VERSION = 3

const ManifestSchema = z.strictObject({
  format: z.literal('assay-run'),
  version: z.literal([1, 2, MANIFEST_VERSION]),
  fingerprint: z.string(),
  /** The curve as it was when the run was finished; null: it has none. Absent before version 3: then nobody knows. */
  trace: z.strictObject({ bytes: z.number(), sha256: z.string() }).nullable().optional(),
  /** Absent in manifests of early versions: then only the head knows. */
  result: RunResultSchema.optional(),
  files: z.array(z.strictObject({ name: FileNameSchema, bytes: z.number(), sha256: z.string() }))
})

type Manifest = z.infer<typeof ManifestSchema>

/**
 * True when the run was finished: its manifest, written last, is there.
 *
 * @throws WorkbenchError `storage/not-readable` where that cannot be told: it is not trained again for that
 */
export function isRunFinished(project: string, fingerprint: string): boolean {
  return isThere(projectPaths.manifest(project, fingerprint))
}

/** Hashes the files of all its checkpoints and writes the manifest that makes a run finished. */
export async function writeManifest(
  project: string,
  fingerprint: string,
  result: RunResult
): Promise<void> {
  const folder = projectPaths.run(project, fingerprint)
  const kept = join(folder, 'earlier')
  const steps = (await readdir(kept).catch((error: unknown) => nullIfAbsent(error, kept))) ?? []
  const checkpoints = ['checkpoint', ...steps.map((step) => `earlier/${step}`)]
  const names: string[] = []
  for (const one of checkpoints) {
    names.push(...(await readdir(join(folder, one))).map((name) => `${one}/${name}`))
  }
  const files = []
  for (const name of names.sort()) files.push({ name, ...(await sumOf(join(folder, name))) })
  const curve = projectPaths.trace(project, fingerprint)
  const trace = isThere(curve) ? await sumOf(curve) : null
  const manifest = { format: 'assay-run', version: MANIFEST_VERSION, fingerprint, trace, result }
  await writeFileAtomic(
    projectPaths.manifest(project, fingerprint),
    sealedText({ ...manifest, files }, 1)
  )
}

async function sumOf(path: string): Promise<{ bytes: number; sha256: string }> {
  return { bytes: (await stat(path)).size, sha256: await hashFile(path) }
}

/** A file as a manifest has it. */
export interface ManifestFile {
  path: string
  bytes: number
  sha256: string
}

/**
 * What a finished run's manifest says of its files: those of its checkpoints, and its curve as it was when the run was
 * finished.
 *
 * @returns `trace`: null where there was none, or nobody knows: manifests of early versions do not say
 * @throws WorkbenchError `storage/corrupt`, `storage/newer-version`
 */
export async function manifestSums(
  project: string,
  fingerprint: string
): Promise<{ files: ManifestFile[]; trace: ManifestFile | null }> {
  const { files, trace } = await readManifest(project, fingerprint)
  const curve = projectPaths.trace(project, fingerprint)
  return {
    files: placed(project, fingerprint, files),
    trace: trace ? { path: curve, ...trace } : null
  }
}

/** Files of checkpoints, as a finished run's manifest has them. */
export async function manifestFiles(project: string, fingerprint: string): Promise<ManifestFile[]> {
  return (await manifestSums(project, fingerprint)).files
}

function placed(project: string, fingerprint: string, files: Manifest['files']): ManifestFile[] {
  const folder = projectPaths.run(project, fingerprint)
  return files.map(({ name, bytes, sha256 }) => ({ path: join(folder, name), bytes, sha256 }))
}

/** Takes a file off a finished run: off its manifest first, so that it is sound at any moment. */
export async function removeFromRun(
  project: string,
  fingerprint: string,
  name: string
): Promise<void> {
  const manifest = await readManifest(project, fingerprint)
  const files = manifest.files.filter((file) => file.name !== name)
  await writeFileAtomic(
    projectPaths.manifest(project, fingerprint),
    sealedText({ ...manifest, version: MANIFEST_VERSION, files }, 1)
  )
  await removeTree(join(projectPaths.run(project, fingerprint), name))
}

/**
 * Checks a finished run's files against its manifest.
 *
 * @throws WorkbenchError `storage/corrupt` naming the file that is missing or differs
 */
export async function verifyRun(project: string, fingerprint: string): Promise<void> {
  for (const { path, sha256 } of await manifestFiles(project, fingerprint)) {
    const found = isThere(path) ? await hashFile(path) : 'no file'
    if (found !== sha256) throw damagedError(path, { expected: sha256, found }, RETRAINED)
  }
}

/**
 * What a finished run came to, once all its files are seen whole: another machine's may come later than its
 * manifest.
 *
 * @returns null where it is not finished, or not seen whole yet
 * @throws WorkbenchError `storage/corrupt` when a manifest is there and cannot be read
 */
export async function finishedResult(
  project: string,
  fingerprint: string
): Promise<RunResult | null> {
  if (!isRunFinished(project, fingerprint)) return null
  const { files, result = null } = await readManifest(project, fingerprint)
  for (const { path, bytes } of placed(project, fingerprint, files)) {
    const found = await stat(path).catch(() => null)
    if (found?.size !== bytes) return null
  }
  return result
}

/**
 * What a finished run came to, as its manifest says.
 *
 * @returns null where it is not finished, or in manifests of early versions
 * @throws WorkbenchError `storage/corrupt`, `storage/not-readable`
 */
export async function manifestResult(
  project: string,
  fingerprint: string
): Promise<RunResult | null> {
  if (!isRunFinished(project, fingerprint)) return null
  return (await readManifest(project, fingerprint)).result ?? null
}

const RETRAINED =
  'Verify the project with repair: it sets the run aside, and the next run of the study trains it again.'

/**
 * A run's head as its folder has it. The manifest comes before the head is stored: a run whose host
 * died between the two is finished, although its head does not say so.
 *
 * @throws WorkbenchError `storage/corrupt` when a manifest is there and cannot be read
 */
export async function settledHead(project: string, head: Run): Promise<Run> {
  if (head.state === 'done' || !isRunFinished(project, head.fingerprint)) return head
  const { result } = await readManifest(project, head.fingerprint)
  return { ...head, ...(result ?? {}), state: 'done', error: null }
}

async function readManifest(project: string, fingerprint: string) {
  const path = projectPaths.manifest(project, fingerprint)
  const opened = openSealed(await readText(path))
  if (opened.state === 'damaged') throw damagedError(path, opened, RETRAINED)
  assertNotNewer(path, opened.value, MANIFEST_VERSION)
  const parsed = ManifestSchema.safeParse(opened.value)
  const isOfRun = parsed.success && parsed.data.fingerprint === fingerprint
  if (isOfRun && (opened.state === 'sound' || parsed.data.version === 1)) return parsed.data
  const found = { expected: 'the manifest of this run', found: 'something else' }
  throw damagedError(path, found, RETRAINED)
}
