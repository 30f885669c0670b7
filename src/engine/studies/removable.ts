/** What lies in a project's folder and can go: it is made again when it is wanted, or nothing needs it. */
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { readSubmissions } from '#engine/executors/slurm/submissions'
import { isClaimed } from '#engine/storage/claims'
import { isLeftOver } from '#engine/storage/draftNames'
import { removeTree, removeWhole } from '#engine/storage/files'
import { bytesUnder } from '#engine/storage/folderSize'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished, removeFromRun } from '#engine/storage/runs'
import { removeLeftOver } from '#engine/storage/sweepDrafts'
import { findLeftOvers } from '#engine/storage/tidyProject'
import { runsOf } from './plan'
import type { StudyPlan } from './plan'

/** Moments beside a checkpoint; as checkpoints/optimizerState.ts names them. */
const OPTIMIZER_FILE = 'optimizer.safetensors'

/** What a run's own trainer was given and kept; as workers/commandTrainJob.ts names them. */
const COMMAND_FOLDERS = ['init', 'inputs', 'out', 'state', 'work']

/** In the order in which they are told. */
export const REMOVABLE_KINDS = [
  'drafts',
  'caches',
  'resume points',
  'optimizer states',
  'runs',
  'tokens',
  'cluster logs'
] as const
export type RemovableKind = (typeof REMOVABLE_KINDS)[number]

/** A file or folder that can go. */
export interface Removable {
  kind: RemovableKind
  /** Inside the project's folder. */
  path: string
  bytes: number
}

/** What the project's studies need; null while a study is not prepared: then nobody knows. */
export interface Needs {
  plans: readonly StudyPlan[]
  /** Names of folders of tokens. */
  tokens: ReadonlySet<string>
}

/**
 * Lists what can go. No measurement, curve, weight of a planned run, corpus, prediction or export is
 * among it, nor anything of a study's that cannot be made again from what stays.
 *
 * @param needs null: runs, tokens and optimizer states all stay
 */
export async function findRemovable(project: string, needs: Needs | null): Promise<Removable[]> {
  const found = [
    ...(await leftOvers(project)),
    ...(await caches(project)),
    ...(await ofRuns(project, needs)),
    ...(needs ? await orphans(project, 'tokens', needs.tokens) : []),
    ...(await clusterLogs(project))
  ]
  return found.sort(
    (a, b) =>
      REMOVABLE_KINDS.indexOf(a.kind) - REMOVABLE_KINDS.indexOf(b.kind) ||
      (a.path < b.path ? -1 : 1)
  )
}

/** Removes one, so that the project is sound at any moment. */
export async function remove(project: string, { kind, path }: Removable): Promise<void> {
  const full = join(project, path)
  if (kind === 'optimizer states') {
    const [, run = '', ...name] = path.split('/')
    await removeFromRun(project, run, name.join('/'))
  } else if (kind === 'drafts') await removeLeftOver(full)
  else if (kind === 'runs' || kind === 'tokens') await removeWhole(full)
  else await removeTree(full)
}

/** Drafts of a process that died; opening the project for writing clears them away too. */
async function leftOvers(project: string): Promise<Removable[]> {
  const paths = await findLeftOvers(project)
  return Promise.all(paths.map((path) => removable(project, 'drafts', path)))
}

/** What is measured or computed again when it is asked for. Text and plans that are prepared stay. */
async function caches(project: string): Promise<Removable[]> {
  const folder = join(project, 'cache')
  const names = (await entriesOf(folder))
    .map(({ name }) => name)
    .filter((name) => /^(rate-.*\.json|search\.f64|drops|token-losses)$/.test(name))
  return Promise.all(names.map((name) => removable(project, 'caches', join(folder, name))))
}

async function ofRuns(project: string, needs: Needs | null): Promise<Removable[]> {
  const planned = needs && new Set(needs.plans.flatMap(fingerprintsOf))
  const carried = needs && new Set(needs.plans.flatMap(carriedOn))
  const found: Removable[] = []
  for (const { name } of await entriesOf(join(project, 'runs'))) {
    if (isLeftOver(name)) continue
    // No study may want it any more, and somebody trains it all the same.
    if (await isClaimed(project, name)) continue
    if (planned && !planned.has(name)) {
      found.push(await removable(project, 'runs', projectPaths.run(project, name)))
      continue
    }
    if (!isRunFinished(project, name)) continue
    const resume = projectPaths.resume(project, name)
    const given = COMMAND_FOLDERS.map((one) => join(projectPaths.command(project, name), one))
    for (const path of [resume, ...given].filter(existsSync)) {
      found.push(await removable(project, 'resume points', path))
    }
    const state = join(projectPaths.checkpoint(project, name), OPTIMIZER_FILE)
    if (carried && !carried.has(name) && existsSync(state)) {
      found.push(await removable(project, 'optimizer states', state))
    }
  }
  return found
}

/** Of array jobs that are over, and of which some failed: what they wrote was kept to be read. */
async function clusterLogs(project: string): Promise<Removable[]> {
  const over = (await readSubmissions(project)).filter(({ isOver }) => isOver)
  return Promise.all(
    over.map(({ key }) => removable(project, 'cluster logs', projectPaths.submission(project, key)))
  )
}

/** Folders of a place that nothing names. */
async function orphans(
  project: string,
  place: string,
  needed: ReadonlySet<string>
): Promise<Removable[]> {
  const names = (await entriesOf(join(project, place))).map(({ name }) => name)
  const lost = names.filter((name) => !needed.has(name) && !isLeftOver(name))
  return Promise.all(lost.map((name) => removable(project, 'tokens', join(project, place, name))))
}

function fingerprintsOf(plan: StudyPlan): string[] {
  return runsOf(plan).map(({ fingerprint }) => fingerprint)
}

/** Runs that others of a plan go on from with their moments, trained or not: text may be added. */
function carriedOn(plan: StudyPlan): string[] {
  return runsOf(plan).flatMap(({ start }) =>
    start?.kind === 'run' && start.carryMoments ? [start.fingerprint] : []
  )
}

function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

async function removable(project: string, kind: RemovableKind, path: string): Promise<Removable> {
  const entry = await stat(path)
  const bytes = entry.isDirectory() ? await bytesUnder(path) : entry.size
  return { kind, path: relative(project, path), bytes }
}
