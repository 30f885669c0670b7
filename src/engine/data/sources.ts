/** Which files an import reads, in which order, and what each of them is. */
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { globBase, globDepth, globPattern, isGlob, walkFolder } from './globs'

export type SourceFormat = 'jsonl' | 'text' | 'csv' | 'tsv' | 'parquet' | 'arrow' | 'tokens'
export type Compression = 'none' | 'gzip' | 'zstd'

export interface SourceFile {
  path: string
  /** Path below the folder or glob that was asked for, `/` between folders. */
  label: string
  /** The label without its ending, for `partition: file`; two files never have the same. */
  stem: string
  /** Name of the folder it lies in, for `partition: folder`; two folders never have the same. */
  folder: string
  format: SourceFormat
  compression: Compression
  /** Size on disk. */
  bytes: number
}

/** Ending of a file's name, that of a compression with it. */
const ENDING = /(\.[A-Za-z0-9]+)(\.(gz|zst|zstd))?$/i

const FORMATS: Record<string, SourceFormat> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'jsonl',
  csv: 'csv',
  tsv: 'tsv',
  parquet: 'parquet',
  arrow: 'arrow',
  npy: 'tokens',
  bin: 'tokens'
}

/**
 * Finds the files behind paths, folders and globs, sorted by name so that an import is the same
 * on every machine. A folder saved by Hugging Face's `save_to_disk` gives its Arrow files.
 *
 * Inside a folder, files of records (JSONL, CSV, Parquet …) are taken alone when there are any;
 * otherwise every file is one document.
 *
 * @throws WorkbenchError `corpus/missing-file` where nothing lies, `usage/invalid` where a folder
 *   holds several formats
 */
export async function findSources(paths: string[]): Promise<SourceFile[]> {
  const found: SourceFile[] = []
  for (const path of paths) {
    if (existsSync(path)) {
      const isFolder = (await stat(path)).isDirectory()
      found.push(...(isFolder ? await inFolder(path) : [await describeFile(path, dirname(path))]))
    } else if (isGlob(path)) {
      found.push(...(await behindGlob(path)))
    } else {
      throw missing(path, 'There is no such file or folder.')
    }
  }
  if (found.length === 0) throw missing(paths.join(', '), 'No file was found there.')
  return tellApart(found)
}

/** Files or folders of one name in different places get so much of their paths as tells them apart. */
function tellApart(files: SourceFile[]): SourceFile[] {
  const labels = distinctNames(files.map(({ path, label }) => ({ path, name: label })))
  const folders = distinctNames(
    files.map(({ path, folder }) => ({ path: dirname(path), name: folder }))
  )
  const stems = stemsOf(labels)
  return files.map((file, i) => ({
    ...file,
    label: labels[i]!,
    stem: stems[i]!,
    folder: folders[i]!
  }))
}

/** Labels without their endings; where that would make two one, all keep theirs. */
function stemsOf(labels: string[]): string[] {
  const stemOf = (label: string) => label.replace(ENDING, '') || label
  const distinct = new Set(labels)
  const counts = new Map<string, number>()
  for (const label of distinct) counts.set(stemOf(label), (counts.get(stemOf(label)) ?? 0) + 1)
  const kept = labels.map((label) => (counts.get(stemOf(label))! > 1 ? label : stemOf(label)))
  // A whole label may be what another one's stem is.
  return new Set(kept).size === distinct.size ? kept : labels
}

/** Names with as many of the last parts of their paths as make those of different paths differ. */
function distinctNames(entries: { path: string; name: string }[]): string[] {
  const paths = entries.map(({ path }) => resolve(path))
  const pathsOf = new Map<string, Set<string>>()
  entries.forEach(({ name }, i) => {
    pathsOf.set(name, (pathsOf.get(name) ?? new Set()).add(paths[i]!))
  })
  const names = entries.map(({ name }, i) => {
    const rivals = [...pathsOf.get(name)!].filter((path) => path !== paths[i])
    if (rivals.length === 0) return name
    const parts = paths[i]!.split(sep)
    let count = name.split('/').length
    const end = () => parts.slice(-count)
    const isShared = () =>
      rivals.some((rival) => rival.split(sep).slice(-count).join('/') === end().join('/'))
    while (count < parts.length && isShared()) count++
    return end().join('/')
  })
  // A name made longer may be what another path is called: then nothing but the whole path will do.
  return new Set(names).size === new Set(paths).size ? names : paths
}

async function behindGlob(glob: string): Promise<SourceFile[]> {
  const base = globBase(glob)
  const pattern = globPattern(glob)
  if (!existsSync(base)) throw missing(glob, `There is no folder ${base}.`)
  const files = (await walkFolder(base, globDepth(glob))).filter((path) =>
    pattern.test(path.split(sep).join('/'))
  )
  if (files.length === 0) throw missing(glob, 'No file matches it.')
  return Promise.all(files.map((path) => describeFile(path, base)))
}

async function inFolder(folder: string): Promise<SourceFile[]> {
  const arrow = await savedArrowFiles(folder)
  if (arrow) return Promise.all(arrow.map((path) => describeFile(path, folder)))
  const all = await Promise.all(
    (await walkFolder(folder))
      .filter((path) => !(path.endsWith('.idx') && existsSync(path.replace(/idx$/, 'bin'))))
      .map((path) => describeFile(path, folder))
  )
  const records = all.filter((file) => file.format !== 'text')
  const formats = [...new Set(records.map((file) => file.format))]
  if (formats.length > 1) {
    throw new WorkbenchError(
      'usage/invalid',
      `${folder} holds files of several formats (${formats.join(', ')}). ` +
        `Expected one; name the files wanted by a glob, such as '${folder}/*.${formats[0]}'.`,
      { folder, formats }
    )
  }
  const chosen = records.length > 0 ? records : all
  if (chosen.length === 0) throw missing(folder, 'The folder holds no file.')
  return chosen
}

/** Arrow files of a `save_to_disk` folder in their own order; null when it is none. */
async function savedArrowFiles(folder: string): Promise<string[] | null> {
  const splits = join(folder, 'dataset_dict.json')
  if (existsSync(splits)) {
    const names = (JSON.parse(await readFile(splits, 'utf8')) as { splits: string[] }).splits
    const files = await Promise.all(names.map((name) => savedArrowFiles(join(folder, name))))
    return files.flatMap((list) => list ?? [])
  }
  const state = join(folder, 'state.json')
  if (!existsSync(state)) return null
  const parsed = JSON.parse(await readFile(state, 'utf8')) as {
    _data_files?: { filename: string }[]
  }
  return parsed._data_files ? parsed._data_files.map((file) => join(folder, file.filename)) : null
}

async function describeFile(path: string, base: string): Promise<SourceFile> {
  const [, , compressed] = /^(.*?)(\.gz|\.zst|\.zstd)?$/s.exec(basename(path).toLowerCase()) ?? []
  const plain = basename(path)
    .toLowerCase()
    .replace(/\.(gz|zst|zstd)$/, '')
  const extension = plain.includes('.') ? plain.slice(plain.lastIndexOf('.') + 1) : ''
  const label = relative(base, path).split(sep).join('/') || basename(path)
  return {
    path,
    label,
    stem: label,
    folder: label.includes('/') ? dirname(label) : basename(base),
    format: FORMATS[extension] ?? 'text',
    compression: compressed === undefined ? 'none' : compressed === '.gz' ? 'gzip' : 'zstd',
    bytes: (await stat(path)).size
  }
}

function missing(path: string, what: string): WorkbenchError {
  return new WorkbenchError(
    'corpus/missing-file',
    `${path}: ${what} Expected a file, a folder or a glob such as 'texts/**/*.jsonl.gz'.`,
    { path }
  )
}
