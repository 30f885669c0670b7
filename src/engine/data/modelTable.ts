/** Which checkpoint is a model of what: read off a table, or off the names of folders. */
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { parse } from 'csv-parse/sync'
import { WorkbenchError } from '#shared/errors'
import { ChosenBySchema } from '#shared/records'
import type { ChosenBy } from '#shared/records'

const ROLES = ['seed', 'branch', 'sequential'] as const

/** One checkpoint as a table or a folder's name has it. */
export interface ListedModel {
  role: (typeof ROLES)[number]
  /** A Hugging Face folder. */
  folder: string
  /** What it is called where its place says nothing; its place when left out. */
  source?: string
  /** Of a branch. */
  partition: string | null
  /** Of a sequential model: members joined by `+`, weights as `name*0.25`. */
  mixture: string | null
  /** Tokens that it was trained on; null where nobody says. */
  tokens: number | null
  chosenBy: ChosenBy
}

const COLUMNS = ['path', 'role', 'partition', 'mixture', 'tokens', 'chosen_by']

/**
 * Reads which models there are.
 *
 * @param path a CSV table (`path`, `partition`, `mixture`, `role`, `tokens`, `chosen_by`; paths from
 *   the table's folder), or a folder: of one folder per partition, each a checkpoint or of one per
 *   base unit, or with `branches/` so, `sequential/<mixture>` and `seed`
 * @throws WorkbenchError `table/invalid` naming line and column
 */
export async function listModels(path: string): Promise<ListedModel[]> {
  if (!existsSync(path)) throw invalid(path, 'there is no such file or folder')
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null)
  const models = entries ? await modelsOfFolder(path) : await modelsOfTable(path)
  checkListed(models, path)
  return models
}

/**
 * Asserts that a study can be made of models.
 *
 * @param path what says which they are
 * @throws WorkbenchError `table/invalid`
 */
export function checkListed(models: readonly ListedModel[], path: string): void {
  if (!models.some(({ role }) => role === 'branch')) {
    throw invalid(path, 'it names no branch: at least one checkpoint of a partition is needed')
  }
  if (models.filter(({ role }) => role === 'seed').length > 1) {
    throw invalid(path, 'it names several seed models; branches come of one')
  }
}

/**
 * Finds the checkpoints among files and folders, and what each seems to be a model of.
 *
 * A table says it, also one inside of the only folder. Without one a folder of several models is read as {@link listModels} does; loose
 * checkpoints are branches named by their folders, but for `seed` and `base`, and for names that join
 * partitions by `+`. A guess need not make a study: whoever guesses lets a person correct it.
 *
 * @throws WorkbenchError `table/invalid` where there is no checkpoint, or a table cannot be read
 */
export async function findModels(paths: readonly string[]): Promise<ListedModel[]> {
  const tables = paths.filter((path) => /\.csv$/i.test(path))
  if (tables.length === 1) return modelsOfTable(tables[0]!)
  const folders: string[] = []
  for (const path of paths) {
    if ((await readdir(path).catch(() => null)) !== null) folders.push(path)
  }
  if (folders.length === 0) folders.push(...foldersAbove(paths))
  const [first] = folders
  if (first === undefined || tables.length > 1) {
    throw invalid(paths[0] ?? '', 'expected folders of checkpoints, or one table of them')
  }
  const models =
    folders.length === 1 && !isCheckpoint(first)
      ? await modelsWithin(first)
      : (await Promise.all(folders.map(looseModels))).flat()
  if (models.length > 0) return models
  throw invalid(first, 'it holds no checkpoint: no config.json, in it or below')
}

/** Of files alone, as a chosen folder is told by some: the folder that holds all their checkpoints. */
function foldersAbove(files: readonly string[]): string[] {
  const [first, ...others] = files
    .filter((path) => basename(path) === 'config.json')
    .map((path) => dirname(path))
  if (first === undefined) return []
  let above = first
  while (!others.every((path) => path === above || path.startsWith(`${above}${sep}`))) {
    above = dirname(above)
  }
  return [above]
}

/** A folder may hold the table of its models. */
async function modelsWithin(folder: string): Promise<ListedModel[]> {
  const tables = (await readdir(folder)).filter((name) => /\.csv$/i.test(name))
  return tables.length === 1 ? modelsOfTable(join(folder, tables[0]!)) : modelsOfFolder(folder)
}

async function looseModels(folder: string): Promise<ListedModel[]> {
  const name = basename(folder)
  if (!isCheckpoint(folder)) {
    return name === 'branches' || name === 'sequential'
      ? modelsOfFolders(folder, name)
      : branchesOf(name, folder)
  }
  if (name === 'seed' || name === 'base') return [{ ...UNKNOWN, role: 'seed', folder }]
  return name.includes('+')
    ? [{ ...UNKNOWN, role: 'sequential', folder, mixture: name }]
    : [{ ...UNKNOWN, role: 'branch', folder, partition: name }]
}

async function modelsOfTable(path: string): Promise<ListedModel[]> {
  let rows: { info: { lines: number }; record: Record<string, string> }[]
  try {
    rows = parse(await readFile(path, 'utf8'), {
      columns: true,
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true
    })
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error))
  }
  const there = Object.keys(rows[0]?.record ?? {})
  const unknown = there.find((column) => !COLUMNS.includes(column))
  if (unknown !== undefined || !there.includes('path')) {
    throw invalid(
      path,
      `its columns are ${there.join(', ') || 'none'}; expected path and any of ${COLUMNS.slice(1).join(', ')}`
    )
  }
  return rows.map(({ record, info }) => modelOfRow(path, record, info.lines))
}

function modelOfRow(path: string, row: Record<string, string>, line: number): ListedModel {
  const fail = (column: string, found: string, expected: string): never => {
    throw invalid(path, `line ${line}, ${column} is "${found}"; expected ${expected}`)
  }
  const text = (column: string) => (row[column] === '' ? null : (row[column] ?? null))
  const folder = text('path') ?? fail('path', '', 'a folder')
  const [partition, mixture] = [text('partition'), text('mixture')]
  const named = text('role') ?? (mixture === null ? 'branch' : 'sequential')
  const role = ROLES.find((one) => one === named) ?? fail('role', named, ROLES.join(', '))
  if (role === 'branch' && partition === null) fail('partition', '', "a branch's partition")
  if (role === 'sequential' && mixture === null) {
    fail('mixture', '', 'members of a mixture, as "art+law"')
  }
  const tokens = text('tokens')
  if (tokens !== null && !/^[1-9]\d*$/.test(tokens)) {
    fail('tokens', tokens, 'a whole number above 0, or nothing')
  }
  const chosenBy = ChosenBySchema.safeParse(text('chosen_by') ?? 'design')
  if (!chosenBy.success) fail('chosen_by', row['chosen_by']!, ChosenBySchema.options.join(', '))
  return {
    role,
    folder: resolve(dirname(path), folder),
    partition,
    mixture,
    tokens: tokens === null ? null : Number(tokens),
    chosenBy: chosenBy.data ?? 'design'
  }
}

const isCheckpoint = (folder: string) => existsSync(join(folder, 'config.json'))

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort(byNumbers)
}

/** Names in the order in which people count: unit-2 before unit-10. */
function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

const UNKNOWN = { partition: null, mixture: null, tokens: null, chosenBy: 'design' as const }

async function modelsOfFolder(path: string): Promise<ListedModel[]> {
  const isSorted = (await foldersIn(path)).includes('branches')
  if (!isSorted) return modelsOfFolders(path, 'branches')
  const seed = join(path, 'seed')
  return [
    ...(isCheckpoint(seed) ? [{ ...UNKNOWN, role: 'seed' as const, folder: seed }] : []),
    ...(await modelsOfFolders(join(path, 'branches'), 'branches')),
    ...(await modelsOfFolders(join(path, 'sequential'), 'sequential'))
  ]
}

/** Models of a folder that holds one folder per partition, or one per mixture. */
async function modelsOfFolders(
  path: string,
  kind: 'branches' | 'sequential'
): Promise<ListedModel[]> {
  const names = await foldersIn(path)
  if (kind === 'sequential') {
    return names.map((mixture) => {
      return { ...UNKNOWN, role: 'sequential', folder: join(path, mixture), mixture }
    })
  }
  const found: ListedModel[] = []
  for (const name of names) found.push(...(await branchesOf(name, join(path, name))))
  return found
}

async function branchesOf(partition: string, folder: string): Promise<ListedModel[]> {
  const units = isCheckpoint(folder)
    ? [folder]
    : (await foldersIn(folder)).map((unit) => join(folder, unit)).filter(isCheckpoint)
  if (units.length === 0) {
    throw invalid(folder, 'it holds no checkpoint: no config.json, in it or one folder below')
  }
  return units.map((unit) => ({ ...UNKNOWN, role: 'branch', folder: unit, partition }))
}

function invalid(path: string, problem: string): WorkbenchError {
  return new WorkbenchError(
    'table/invalid',
    `${path} does not say which checkpoint is a model of what: ${problem}.`,
    { path, problem }
  )
}
