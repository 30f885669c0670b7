/** The folder of a run: its curve, what it resumes from, its checkpoint, and last its manifest. */
import { existsSync } from 'node:fs'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import { RunResultSchema } from '#shared/records'
import type { Run, RunResult } from '#shared/records'
import { removeTree, writeFileAtomic } from './files'
import { hashFile } from './fingerprint'
import { projectPaths } from './paths'

const ManifestSchema = z.strictObject({
  format: z.literal('assay-run'),
  version: z.literal(1),
  fingerprint: z.string(),
  /** Absent in manifests of early versions: then only the head knows. */
  result: RunResultSchema.optional(),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.number(), sha256: z.string() }))
})

/** True when the run was finished: its manifest, written last, is there. */
export function isRunFinished(project: string, fingerprint: string): boolean {
  return existsSync(projectPaths.manifest(project, fingerprint))
}

/** Hashes the files of all its checkpoints and writes the manifest that makes a run finished. */
export async function writeManifest(
  project: string,
  fingerprint: string,
  result: RunResult
): Promise<void> {
  const folder = projectPaths.run(project, fingerprint)
  const steps = await readdir(join(folder, 'earlier')).catch(() => [])
  const checkpoints = ['checkpoint', ...steps.map((step) => `earlier/${step}`)]
  const names: string[] = []
  for (const one of checkpoints) {
    names.push(...(await readdir(join(folder, one))).map((name) => `${one}/${name}`))
  }
  const files = []
  for (const name of names.sort()) {
    const path = join(folder, name)
    files.push({ name, bytes: (await stat(path)).size, sha256: await hashFile(path) })
  }
  await writeFileAtomic(
    projectPaths.manifest(project, fingerprint),
    JSON.stringify({ format: 'assay-run', version: 1, fingerprint, result, files }, null, 1) + '\n'
  )
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
    JSON.stringify({ ...manifest, files }, null, 1) + '\n'
  )
  await removeTree(join(projectPaths.run(project, fingerprint), name))
}

/**
 * Checks a finished run's files against its manifest.
 *
 * @throws WorkbenchError `storage/corrupt` naming the file that is missing or differs
 */
export async function verifyRun(project: string, fingerprint: string): Promise<void> {
  for (const file of (await readManifest(project, fingerprint)).files) {
    const full = join(projectPaths.run(project, fingerprint), file.name)
    const isSound = existsSync(full) && (await hashFile(full)) === file.sha256
    if (!isSound) {
      throw new WorkbenchError(
        'storage/corrupt',
        `${full} is missing or was changed since it was written. Delete the run's folder; it is trained again.`,
        { path: full }
      )
    }
  }
}

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
  let raw: unknown = null
  try {
    raw = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const parsed = ManifestSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  throw new WorkbenchError(
    'storage/corrupt',
    `${path} is not a run's manifest. Delete the folder of the run; it is trained again.`,
    { path }
  )
}
