/**
 * mergekit's configuration read as a recipe: whole models, settings, filters by tensor name, gradients.
 *
 * What is not understood is refused by its name and place: a merge that silently left out a setting
 * would be another merge.
 */
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document, YAMLMap } from 'yaml'
import { WorkbenchError } from '#shared/errors'
import { MERGE_METHODS, MERGE_SETTINGS } from '#shared/merging'
import type {
  MergeMethod,
  MergeRecipe,
  MergeSetting,
  MergeSettings,
  MergeType,
  SettingRule
} from '#shared/merging'
import { DTYPES_BY_NAME } from '#shared/modelExport'
import { METHOD_RULES, checkRecipe } from './methods'

/** Changes mergekit's use of memory and none of its numbers. */
const WITHOUT_EFFECT = 'int8_mask'

/**
 * Reads a recipe.
 *
 * @param file said in errors
 * @param randomSeed the file has none: mergekit takes it from its command line
 * @throws WorkbenchError `merge/invalid` naming what is not understood, with line and column
 */
export function readMergekit(text: string, file: string, randomSeed: number): MergeRecipe {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const reader = new Reader(document, lines, file)
  const [error] = document.errors
  if (error) throw reader.refuse(error.pos[0], 'the file', error.message.split('\n')[0]!)
  const recipe = recipeOf(reader, randomSeed)
  try {
    checkRecipe(recipe)
  } catch (error) {
    if (error instanceof WorkbenchError) {
      throw new WorkbenchError(error.code, `${file}: ${error.message}`, { ...error.details, file })
    }
    throw error
  }
  return recipe
}

/** What of a method is understood: its settings for all models, and for one. */
interface Understood {
  method: MergeMethod
  shared: MergeSetting[]
  perModel: MergeSetting[]
}

function recipeOf(reader: Reader, randomSeed: number): MergeRecipe {
  const top = reader.entries(reader.root, 'the file')
  const allowed = ['merge_method', 'models', 'base_model', 'dtype', 'out_dtype', 'parameters']
  const aside = ['tokenizer_source', 'tokenizer', 'chat_template', 'slices', 'modules']
  for (const [key, { at }] of top) {
    if (key === 'modules')
      throw reader.refuse(at, key, 'merges of parts of models are not made here')
    if (![...allowed, ...aside].includes(key)) throw reader.refuse(at, key, 'there is no such key')
  }
  const found = top.get('merge_method')
  const name = found && reader.text(found.node, 'merge_method')
  if (!found || !(MERGE_METHODS as readonly string[]).includes(name!)) {
    const why = found ? `"${name}" is none of ${MERGE_METHODS.join(', ')}` : 'it is missing'
    throw reader.refuse(found?.at ?? 0, 'merge_method', why)
  }
  const method = name as MergeMethod
  const rules = METHOD_RULES[method]
  const understood: Understood = {
    method,
    shared: [...Object.keys(rules.shared), ...Object.keys(rules.perModel)] as MergeSetting[],
    perModel: Object.keys(rules.perModel) as MergeSetting[]
  }
  const slices = top.get('slices')
  const sliced = slices ? wholeSlice(reader, slices) : null
  const listed = sliced
    ? modelsOf(reader, sliced.sources, understood, ['model', 'parameters', 'layer_range'])
    : modelsOf(reader, top.get('models'), understood, ['model', 'parameters'])
  const baseAt = top.get('base_model')
  const base = baseAt ? reader.folder(baseAt.node, 'base_model') : null
  refuseTokenizers(reader, top, base)
  const type = top.get('out_dtype') ?? top.get('dtype')
  return {
    method,
    ...withBase(listed, base, rules.base === 'unused', () =>
      reader.refuse(baseAt!.at, 'base_model', `${method} has no base; name it among the models`)
    ),
    settings: settingsOf(reader, top.get('parameters')?.node, understood.shared, understood),
    dtype: type ? typeOf(reader, type) : null,
    randomSeed,
    ...(sliced ? { layers: sliced.layers } : {})
  }
}

/** One slice of all layers is what `models` says in fewer words. */
function wholeSlice(reader: Reader, slices: Entry): { sources: Entry; layers: number } {
  const refuse = (at: number) =>
    reader.refuse(at, 'slices', 'only one slice of all layers of all models is merged here')
  const items = reader.items(slices.node, 'slices')
  if (items.length !== 1) throw refuse(slices.at)
  const fields = reader.entries(items[0]!.node, 'slices')
  const sources = fields.get('sources')
  if (!sources) throw refuse(items[0]!.at)
  for (const [key, field] of fields) {
    if (key !== 'sources') throw reader.refuse(field.at, `slices.${key}`, 'it cannot be set here')
  }
  const ranges = reader.items(sources.node, 'sources').map(({ node, at }) => {
    const range = reader.entries(node, 'sources').get('layer_range')
    if (!range) throw refuse(at)
    const [from, to] = reader
      .items(range.node, 'layer_range')
      .map((end) => reader.value(end.node, 'layer_range'))
    if (from !== 0 || typeof to !== 'number') throw refuse(range.at)
    return { to, at: range.at }
  })
  const other = ranges.find(({ to }) => to !== ranges[0]!.to)
  if (other || ranges.length === 0) throw refuse(other?.at ?? sources.at)
  return { sources, layers: ranges[0]!.to }
}

type ListedModel = MergeRecipe['models'][number]

/** A base that the method has none for comes first: configuration and tokenizer are the first's. */
function withBase(
  listed: ListedModel[],
  base: string | null,
  isUnused: boolean,
  refuse: () => WorkbenchError
): Pick<MergeRecipe, 'base' | 'models'> {
  const others = listed.filter(({ folder }) => folder !== base)
  if (base === null || !isUnused) return { base, models: others }
  const own = listed.filter(({ folder }) => folder === base)
  if (own.length === 0) throw refuse()
  return { base: null, models: [...own, ...others] }
}

function typeOf(reader: Reader, { node, at }: Entry): MergeType {
  const name = reader.text(node, 'dtype')
  if (Object.hasOwn(DTYPES_BY_NAME, name)) return DTYPES_BY_NAME[name]!
  throw reader.refuse(at, 'dtype', `"${name}" is none of ${Object.keys(DTYPES_BY_NAME).join(', ')}`)
}

/** The base's tokenizer is what is copied anyway; any other would mean other rows of embeddings. */
function refuseTokenizers(reader: Reader, top: Entries, base: string | null): void {
  const template = top.get('chat_template')
  if (template) throw reader.refuse(template.at, 'chat_template', 'it cannot be set here')
  let source = top.get('tokenizer_source')
  const tokenizer = top.get('tokenizer')
  if (tokenizer) {
    for (const [key, entry] of reader.entries(tokenizer.node, 'tokenizer')) {
      if (key !== 'source')
        throw reader.refuse(entry.at, `tokenizer.${key}`, 'it cannot be set here')
      source = entry
    }
  }
  if (!source) return
  const said = reader.text(source.node, 'tokenizer_source')
  if (said === 'base' || said === base) return
  throw reader.refuse(
    source.at,
    'tokenizer_source',
    `tokenizers are not brought together here; the base's is copied ("base"), found "${said}"`
  )
}

function modelsOf(
  reader: Reader,
  entry: Entry | undefined,
  understood: Understood,
  allowed: readonly string[]
): ListedModel[] {
  if (!entry) throw reader.refuse(0, 'models', 'it is missing')
  return reader.items(entry.node, 'models').map(({ node, at }) => {
    const fields = reader.entries(node, 'models')
    for (const [key, field] of fields) {
      if (!allowed.includes(key)) {
        throw reader.refuse(field.at, `models.${key}`, 'there is no such key')
      }
    }
    const model = fields.get('model')
    if (!model) throw reader.refuse(at, 'models', 'an entry without model')
    return {
      folder: reader.folder(model.node, 'model'),
      settings: settingsOf(
        reader,
        fields.get('parameters')?.node,
        // mergekit reads of a model only what may differ between models.
        understood.perModel,
        understood
      )
    }
  })
}

function settingsOf(
  reader: Reader,
  node: unknown,
  known: readonly MergeSetting[],
  { method, shared }: Understood
): MergeSettings {
  if (node === undefined) return {}
  const settings: MergeSettings = {}
  for (const [key, entry] of reader.entries(node, 'parameters')) {
    if (key === WITHOUT_EFFECT) continue
    if (!known.includes(key as MergeSetting)) {
      const isMisplaced = shared.includes(key as MergeSetting)
      const isOther = (MERGE_SETTINGS as readonly string[]).includes(key)
      throw reader.refuse(
        entry.at,
        key,
        isMisplaced
          ? 'it is one of all models, not of one'
          : `${method} has no such setting${isOther ? '' : ', nor any other method here'}`
      )
    }
    settings[key as MergeSetting] = rulesOf(reader, key, entry)
  }
  return settings
}

function rulesOf(reader: Reader, name: string, entry: Entry): SettingRule[] {
  const items = isSeq(entry.node) ? reader.items(entry.node, name) : [entry]
  if (!items.some(({ node }) => isMap(node))) {
    return [{ filter: null, value: valueOf(reader, name, entry) }]
  }
  return items.map((item) => filteredRule(reader, name, item))
}

/** A value, or numbers that are spread over the layers. */
function valueOf(reader: Reader, name: string, entry: Entry): SettingRule['value'] {
  if (!isSeq(entry.node)) return reader.value(entry.node, name)
  const numbers = reader.items(entry.node, name).map(({ node }) => reader.value(node, name))
  if (numbers.length > 0 && numbers.every((one) => typeof one === 'number')) return numbers
  throw reader.refuse(entry.at, name, 'only numbers can be spread over layers')
}

function filteredRule(reader: Reader, name: string, item: Entry): SettingRule {
  if (!isMap(item.node)) {
    return { filter: null, value: reader.value(item.node, name) }
  }
  const fields = reader.entries(item.node, name)
  const value = fields.get('value')
  if (!value) throw reader.refuse(item.at, name, 'a rule without value')
  for (const [key, field] of fields) {
    if (key !== 'value' && key !== 'filter') {
      throw reader.refuse(field.at, `${name}.${key}`, 'there is no such key')
    }
  }
  const filter = fields.get('filter')
  const said = filter && !reader.isNull(filter.node) ? reader.text(filter.node, 'filter') : null
  return { filter: said === '*' ? null : said, value: valueOf(reader, name, value) }
}

/** A node and where it stands in the text. */
interface Entry {
  node: unknown
  at: number
}
type Entries = Map<string, Entry>

/** Nodes as what they are expected to be, or an error that says where they are not. */
class Reader {
  readonly root: unknown
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #file: string

  constructor(document: Document, lines: LineCounter, file: string) {
    this.root = document.contents
    this.#document = document
    this.#lines = lines
    this.#file = file
  }

  refuse(at: number, what: string, why: string): WorkbenchError {
    const { line, col } = this.#lines.linePos(at)
    return new WorkbenchError(
      'merge/invalid',
      `${this.#file}, line ${line}, column ${col}: ${what} is not understood: ${why}.`,
      { file: this.#file, line, column: col, subject: what }
    )
  }

  entries(node: unknown, what: string): Entries {
    const map = this.#resolved(node)
    if (!isMap(map)) throw this.refuse(placeOf(node), what, 'keys with values were expected')
    return new Map(
      (map as YAMLMap).items.map(({ key, value }): [string, Entry] => [
        isScalar(key) ? String(key.value) : String(key),
        { node: this.#resolved(value), at: placeOf(key) }
      ])
    )
  }

  items(node: unknown, what: string): Entry[] {
    const list = this.#resolved(node)
    if (!isSeq(list)) throw this.refuse(placeOf(node), what, 'a list was expected')
    return list.items.map((item) => ({ node: this.#resolved(item), at: placeOf(item) }))
  }

  text(node: unknown, what: string): string {
    if (isScalar(node) && typeof node.value === 'string') return node.value
    throw this.refuse(placeOf(node), what, 'a word was expected')
  }

  /** A folder's path; mergekit writes an adapter behind a plus, a revision behind an at sign. */
  folder(node: unknown, what: string): string {
    const path = this.text(node, what)
    if (!/[+@]/.test(path)) return path
    throw this.refuse(
      placeOf(node),
      what,
      'adapters and revisions are not fetched here; name a folder'
    )
  }

  value(node: unknown, what: string): number | boolean {
    const found = isScalar(node) ? node.value : undefined
    if (typeof found === 'number' || typeof found === 'boolean') return found
    if (typeof found === 'string' && found.trim() !== '' && Number.isFinite(Number(found))) {
      return Number(found)
    }
    throw this.refuse(placeOf(node), what, 'a number, true or false was expected')
  }

  isNull(node: unknown): boolean {
    return isScalar(node) && node.value === null
  }

  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node
  }
}

function placeOf(node: unknown): number {
  const { range } = (node ?? {}) as { range?: [number, number, number] }
  return range?.[0] ?? 0
}
