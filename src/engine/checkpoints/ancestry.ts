/** Where a model came from, as its folder says: what Assay wrote beside it, or its model card. */
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { jsonValue } from '#shared/jsonText'
import type { Ancestry, ModelNode } from '#shared/modelInspection'
import { hasFile, readFileOf, readJsonOf } from './folderFiles'

/** What Assay writes beside the weights of a run, and of a merge. */
export const LINEAGE_FILE = 'lineage.json'
export const MIXTURE_FILE = 'mixture.json'
/** What is written beside the weights of a merge of any folders. */
export const MERGE_FILE = 'merge.json'
export const CARD_FILE = 'README.md'
const MANIFEST_FILE = 'manifest.json'
const PROJECT_FILE = 'project.assay'
/** Where a project with many runs keeps what changed since its records were written. */
const HEADS_FILE = 'heads.jsonl'

const NodeSchema = z.looseObject({ id: z.string(), name: z.string() })
const LineageSchema = z
  .looseObject({
    run: z.string().optional(),
    name: z.string().optional(),
    /** In place of a run: a seed model that was taken in, and that nobody knows the run of. */
    self: NodeSchema.optional(),
    startedFrom: NodeSchema.nullish()
  })
  .refine(
    ({ run, self, startedFrom }) =>
      self !== undefined || (run !== undefined && startedFrom !== undefined)
  )
const MixtureSchema = z.looseObject({
  mixture: z.string(),
  merge: z.string(),
  branches: z.array(
    z.looseObject({ unit: z.string().optional(), fingerprint: z.string(), weight: z.number() })
  ),
  startedFrom: NodeSchema.nullish()
})
const MergeSchema = z.looseObject({
  method: z.string(),
  parents: z.array(NodeSchema.nullable()).min(1),
  startedFrom: NodeSchema.nullable()
})
const CardSchema = z.looseObject({
  base_model: z.union([z.string(), z.array(z.string()).min(1)])
})
const HeadSchema = z.looseObject({
  fingerprint: z.string(),
  role: z.string(),
  name: z.string(),
  state: z.string()
})
const ProjectSchema = z.looseObject({ runs: z.array(HeadSchema) })
const ManifestSchema = z.looseObject({ format: z.literal('assay-run'), fingerprint: z.string() })

/** Who a model is, and which model it started from, as far as either is known. */
export interface Kin {
  self: ModelNode | null
  ancestor: ModelNode | null
}

/**
 * What each of some models goes back to: the one that others started from stands for itself,
 * whatever it started from.
 */
export function rootsOf(kin: readonly Kin[]): (ModelNode | null)[] {
  return kin.map(({ self, ancestor }) =>
    self && kin.some((one) => one.ancestor?.id === self.id) ? self : ancestor
  )
}

/** A run of Assay as a model that others may have come of. */
export function runNode(fingerprint: string, name: string): ModelNode {
  return { id: `run:${fingerprint}`, name }
}

/**
 * Reads where a model came from.
 *
 * A file that cannot be read says nothing: a model card is prose, and none of these files is needed
 * to compute with the model.
 *
 * @returns null where nothing in the folder says it
 */
export async function readAncestry(folder: string): Promise<Ancestry | null> {
  for (const read of [ofMixture, ofMerge, ofLineage, ofCard, ofManifest]) {
    const found = await read(folder).catch(() => null)
    if (found) return found
  }
  return null
}

async function ofMixture(folder: string): Promise<Ancestry | null> {
  if (!hasFile(folder, MIXTURE_FILE)) return null
  const mixture = MixtureSchema.parse(await readJsonOf(folder, MIXTURE_FILE))
  const parents = mixture.branches.map(({ fingerprint, unit }) =>
    runNode(fingerprint, unit ?? fingerprint.slice(0, 12))
  )
  const parts = mixture.branches.map(({ fingerprint, weight }) => `${fingerprint}*${weight}`)
  return {
    self: { id: `merge:${parts.sort().join('+')}`, name: `${mixture.mixture} ${mixture.merge}` },
    made: 'merged',
    parents,
    ancestor: nodeOf(mixture.startedFrom),
    source: MIXTURE_FILE
  }
}

async function ofMerge(folder: string): Promise<Ancestry | null> {
  if (!hasFile(folder, MERGE_FILE)) return null
  const text = (await readFileOf(folder, MERGE_FILE)).toString('utf8')
  const { method, parents, startedFrom } = MergeSchema.parse(JSON.parse(text))
  const known = parents.flatMap((node) => nodeOf(node) ?? [])
  // The same parents by other weights are another merge.
  const recipe = createHash('sha256').update(text).digest('hex').slice(0, 12)
  const ids = [...known.map(({ id }) => id), recipe].join('+')
  return {
    // Of parents that nobody knows it cannot be told from another merge.
    self: known.length === parents.length ? { id: `merge:${method}:${ids}`, name: method } : null,
    made: 'merged',
    parents: known,
    ancestor: nodeOf(startedFrom),
    source: MERGE_FILE
  }
}

/**
 * What the merge of some folders came of: each of them where its folder says who it is, and what they
 * all started from where they agree on that.
 */
export async function ancestryOfMerge(
  folders: readonly string[]
): Promise<{ parents: (ModelNode | null)[]; startedFrom: ModelNode | null }> {
  const told = await Promise.all(folders.map(readAncestry))
  const parents = told.map((one, index) => one?.self ?? hubNode(folders[index]!))
  const roots = rootsOf(
    told.map((one, index) => ({ self: parents[index]!, ancestor: one?.ancestor ?? null }))
  )
  const [first] = roots
  const isShared = first && roots.every((root) => root?.id === first.id)
  return { parents, startedFrom: isShared ? first : null }
}

async function ofLineage(folder: string): Promise<Ancestry | null> {
  if (!hasFile(folder, LINEAGE_FILE)) return null
  const json = await readJsonOf(folder, LINEAGE_FILE)
  const { run, name, self, startedFrom } = LineageSchema.parse(json)
  const ancestor = nodeOf(startedFrom)
  return {
    self: nodeOf(self) ?? runNode(run!, name ?? run!.slice(0, 12)),
    made: 'trained',
    parents: ancestor ? [ancestor] : [],
    ancestor,
    source: LINEAGE_FILE
  }
}

/**
 * A run's folder of an Assay that did not write what it started from: where its project has trained
 * one seed model and no other, it is that one.
 */
async function ofManifest(folder: string): Promise<Ancestry | null> {
  const run = dirname(folder)
  if (basename(folder) !== 'checkpoint' || !hasFile(run, MANIFEST_FILE)) return null
  const { fingerprint } = ManifestSchema.parse(await readJsonOf(run, MANIFEST_FILE))
  const runs = await runsOf(join(run, '..', '..'))
  const own = runs.find((one) => one.fingerprint === fingerprint)
  const seeds = runs.filter(({ role, state }) => role === 'seed' && state === 'done')
  const seed = seeds.length === 1 && own?.role !== 'seed' ? seeds[0]! : null
  const ancestor = own && seed ? runNode(seed.fingerprint, seed.name) : null
  return {
    self: runNode(fingerprint, own?.name ?? fingerprint.slice(0, 12)),
    made: 'trained',
    parents: ancestor ? [ancestor] : [],
    ancestor,
    source: join('..', MANIFEST_FILE)
  }
}

/** Heads of the runs of a project; none where it cannot be read. */
async function runsOf(project: string) {
  if (!hasFile(project, PROJECT_FILE)) return []
  const found = ProjectSchema.safeParse(await readJsonOf(project, PROJECT_FILE))
  if (!found.success) return []
  const heads = new Map(found.data.runs.map((run) => [run.fingerprint, run]))
  for (const run of await newerHeads(project)) heads.set(run.fingerprint, run)
  return [...heads.values()]
}

/** Lines that are whole: the last one may be in the midst of being written. */
async function newerHeads(project: string) {
  if (!hasFile(project, HEADS_FILE)) return []
  const text = (await readFileOf(project, HEADS_FILE)).toString('utf8')
  return text.split('\n').flatMap((line) => HeadSchema.safeParse(jsonValue(line)).data ?? [])
}

async function ofCard(folder: string): Promise<Ancestry | null> {
  if (!hasFile(folder, CARD_FILE)) return null
  const text = (await readFileOf(folder, CARD_FILE)).toString('utf8')
  const [, front] = /^---\r?\n([\s\S]{0,65536}?)\r?\n---\s*(?:\r?\n|$)/.exec(text) ?? []
  if (front === undefined) return null
  const { base_model: base } = CardSchema.parse(parse(front))
  const parents = [base].flat().map((name) => ({ id: `hub:${name}`, name }))
  const isOne = parents.length === 1
  return {
    self: hubNode(folder),
    made: isOne ? 'tuned' : 'merged',
    parents,
    ancestor: isOne ? parents[0]! : null,
    source: CARD_FILE
  }
}

/** The name that a snapshot of the Hugging Face cache has by its path. */
export function hubNode(folder: string): ModelNode | null {
  const [, owner, model] =
    /(?:^|[\\/])models--([\w.-]+?)--([\w.-]+)[\\/]snapshots[\\/]/.exec(folder) ?? []
  return owner === undefined ? null : { id: `hub:${owner}/${model}`, name: `${owner}/${model}` }
}

function nodeOf(found: ModelNode | null | undefined): ModelNode | null {
  return found ? { id: found.id, name: found.name } : null
}
