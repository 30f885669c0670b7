/** Models of a study as the table shows them: filtered, sorted, as CSV. Pure. */
import { csvTable } from '#shared/csvText'
import type { ListedModel } from '#shared/modelsView'
import { inOrder } from './rowOrder'
import type { RowOrder } from './rowOrder'

export const ROLE_WORDS: Readonly<Record<ListedModel['role'], string>> = {
  seed: 'seed',
  branch: 'branch',
  sequential: 'sequential',
  merge: 'merge, written',
  export: 'run, written'
}

export const STATE_WORDS: Readonly<Record<ListedModel['state'], string>> = {
  waiting: 'not trained yet',
  running: 'training',
  stopped: 'stopped',
  failed: 'failed',
  done: 'done',
  gone: 'weights not here'
}

export const MODEL_COLUMNS = [
  'name',
  'role',
  'of',
  'state',
  'tokens',
  'parameters',
  'bytes',
  'source',
  'fingerprint'
] as const
export type ModelColumn = (typeof MODEL_COLUMNS)[number]

export type ModelOrder = RowOrder<ModelColumn>

/** What a model is of: a partition, a mixture, a folder of the project. */
export function ofWords({ partition, mixture, folder, role }: ListedModel): string {
  if (role === 'merge' || role === 'export') return folder ?? ''
  return partition ?? mixture ?? ''
}

function valueOf(model: ListedModel, column: ModelColumn): string | number | null {
  if (column === 'of') return ofWords(model)
  if (column === 'role') return ROLE_WORDS[model.role]
  if (column === 'state') return STATE_WORDS[model.state]
  return model[column]
}

/** In the order of a column. */
export function sortedModels(
  models: readonly ListedModel[],
  order: ModelOrder | null
): ListedModel[] {
  return inOrder(models, order, valueOf)
}

/** Those that hold all words, and none with `-` before it; of one role where that is asked. */
export function filteredModels(
  models: readonly ListedModel[],
  words: string,
  role: ListedModel['role'] | ''
): ListedModel[] {
  // A dash alone is on the way to a word.
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-')
  return models.filter((model) => {
    if (role !== '' && model.role !== role) return false
    const text = [model.name, ROLE_WORDS[model.role], ofWords(model), model.source ?? '']
      .join(' ')
      .toLowerCase()
    return wanted.every((word) =>
      word.startsWith('-') ? !text.includes(word.slice(1)) : text.includes(word)
    )
  })
}

export function modelsCsv(models: readonly ListedModel[]): string {
  return csvTable(
    [
      'name',
      'role',
      'partition',
      'mixture',
      'state',
      'tokens',
      'parameters',
      'bytes',
      'folder',
      'source',
      'fingerprint'
    ],
    models.map((one) => [
      one.name,
      one.role,
      one.partition,
      one.mixture,
      one.state,
      one.tokens,
      one.parameters,
      one.bytes,
      one.folder,
      one.source,
      one.fingerprint
    ])
  )
}

/** Bytes of a tensor's value by the type that it is stored in. */
const TYPE_BYTES = { F32: 4, F16: 2, BF16: 2 } as const

/** Bytes that a model's weights take when they are written so; null where its size is not known. */
export function writtenBytes(
  { parameters }: Pick<ListedModel, 'parameters'>,
  dtype: keyof typeof TYPE_BYTES
): number | null {
  return parameters === null ? null : parameters * TYPE_BYTES[dtype]
}

/** Why a model cannot be written; null where it can. */
export function whyNotWritten(model: ListedModel): string | null {
  if (model.role === 'merge' || model.role === 'export') return 'it is written already'
  if (model.id === 'outside') return 'it was not trained in this project'
  return model.state === 'done' ? null : STATE_WORDS[model.state]
}
