/** Whether checkpoints may be merged: same architecture, shapes, tokenizer and, where known, ancestor. */
import { WorkbenchError } from '#shared/errors'
import type { Ancestry, LineageCheck, LineageDifference, ModelNode } from '#shared/modelInspection'
import { hubNode, readAncestry, rootsOf } from './ancestry'
import { configDifferences } from './configDifferences'
import { lineageGraph } from './lineageGraph'
import { openModelWeights } from './modelWeights'
import type { ModelWeights } from './modelWeights'
import { readTokenizer } from './tokenizerIdentity'
import type { TokenizerIdentity } from './tokenizerIdentity'

/** A model as far as others must agree with it. */
export interface LineageModel {
  name: string
  weights: ModelWeights
  tokenizer: TokenizerIdentity | null
  /** Who it is, by its folder's files or path; known also where nothing says what it came of. */
  self: ModelNode | null
  ancestry: Ancestry | null
}

/** Differences of one kind that are listed of one model. */
const MOST_LISTED = 8

/** A difference before it is said between which models. */
type Difference = Omit<LineageDifference, 'model' | 'reference'>

/**
 * Opens a model's folder with what a lineage check reads of it; no values are read.
 *
 * @throws WorkbenchError `checkpoint/invalid`
 */
export async function openLineageModel(folder: string, name = folder): Promise<LineageModel> {
  const weights = await openModelWeights(folder)
  const told = await readAncestry(folder)
  const self = told?.self ?? hubNode(folder)
  return {
    name,
    weights,
    tokenizer: await readTokenizer(folder),
    self,
    ancestry: told && { ...told, self }
  }
}

/**
 * Holds models against the first: what keeps them from being merged is named, what is merely not
 * known is a warning.
 *
 * Names of tensors are compared as sets, so that one model may lie in one file and another in
 * several. Types of storage may differ: merges compute in float. Of a model that is the ancestor of
 * the others, as in task arithmetic, nothing else is asked.
 *
 * @param models at least one
 */
export function checkLineage(models: readonly LineageModel[]): LineageCheck {
  const [reference] = models
  if (!reference) throw new Error('a lineage check needs a model')
  const differences: LineageDifference[] = []
  const warnings: string[] = []
  let unlisted = 0
  for (const model of models.slice(1)) {
    const between = { model: model.name, reference: reference.name }
    const { prohibiting, harmless } = configDifferences(
      reference.weights.config,
      model.weights.config
    )
    for (const found of [
      prohibiting,
      tensorDifferences(reference.weights, model.weights),
      tokenizerDifferences(reference, model, warnings)
    ]) {
      differences.push(...found.slice(0, MOST_LISTED).map((one) => ({ ...one, ...between })))
      unlisted += Math.max(0, found.length - MOST_LISTED)
    }
    for (const { subject, expected, found } of harmless) {
      warnings.push(
        `${subject} is ${found} in ${model.name} and ${expected} in ${reference.name}; a merge takes what ${reference.name} says.`
      )
    }
  }
  const ancestry = ancestryOf(models, differences, warnings)
  return {
    models: models.map(({ name }) => name),
    isMergeable: differences.length === 0,
    ancestry,
    differences,
    unlisted,
    warnings,
    graph: lineageGraph(models)
  }
}

/**
 * Asserts that models may be merged.
 *
 * @returns the check, whose warnings are to be shown
 * @throws WorkbenchError `merge/mismatch` naming what differs
 */
export function assertMergeable(models: readonly LineageModel[]): LineageCheck {
  const check = checkLineage(models)
  const [first] = check.differences
  if (!first) return check
  const said = check.differences.slice(0, 5).map(describeDifference)
  const more = check.differences.length + check.unlisted - said.length
  throw new WorkbenchError(
    'merge/mismatch',
    `${first.model} cannot be merged with ${first.reference}: ${said.join('; ')}${more > 0 ? `; and ${more} more` : ''}. Only models of one architecture, one tokenizer and one ancestor can be merged.`,
    {
      model: first.model,
      reference: first.reference,
      expected: first.expected,
      found: first.found,
      differences: check.differences.map(describeDifference)
    }
  )
}

/**
 * What keeps a model from being one of the same shape, configuration and tokenizer as another, in words;
 * where they came from is not asked.
 */
export function differencesFrom(reference: LineageModel, model: LineageModel): string[] {
  return checkLineage([reference, model])
    .differences.filter(({ kind }) => kind !== 'ancestor')
    .map(describeDifference)
}

/** A difference in words. */
export function describeDifference(one: LineageDifference): string {
  return `${one.kind} ${one.subject} is ${one.found} in ${one.model}, ${one.expected} in ${one.reference}`
}

/**
 * True for what is stored beside parameters and follows from the configuration: masks, rotary
 * frequencies.
 */
export function isBuffer(name: string, shape: readonly number[]): boolean {
  if (/(^|\.)(rotary_emb\.inv_freq|masked_bias)$/.test(name)) return true
  return /(^|\.)(attn|attention)\.bias$/.test(name) && shape.length === 4
}

const HEAD = 'lm_head.weight'

function tensorDifferences(reference: ModelWeights, model: ModelWeights): Difference[] {
  // A head that only one of them stores is the embedding's second copy, unless one says it is not.
  const isCopy = [reference, model].every(({ config }) => config['tie_word_embeddings'] !== false)
  const differences: Difference[] = []
  for (const name of new Set([...reference.shapes.keys(), ...model.shapes.keys()])) {
    const [expected, found] = [reference.shapes.get(name), model.shapes.get(name)]
    if (expected && found && String(expected) === String(found)) continue
    if (isBuffer(name, expected ?? found!)) continue
    if (isCopy && name === HEAD && !(expected && found)) continue
    const say = (shape: readonly number[] | undefined) =>
      shape ? `[${shape.join(', ')}]` : 'missing'
    differences.push({ kind: 'tensor', subject: name, expected: say(expected), found: say(found) })
  }
  return differences
}

function tokenizerDifferences(
  { name: referenceName, tokenizer: reference }: LineageModel,
  { name, tokenizer }: LineageModel,
  warnings: string[]
): Difference[] {
  if (!reference || !tokenizer) {
    if (reference || tokenizer) {
      const [has, lacks] = reference ? [referenceName, name] : [name, referenceName]
      warnings.push(`${lacks} has no tokenizer; it is taken to be that of ${has}.`)
    }
    return []
  }
  if (reference.sha256 === tokenizer.sha256) return []
  if (!reference.vocabulary || !tokenizer.vocabulary) {
    if (reference.file === tokenizer.file) {
      const [expected, found] = [reference.sha256, tokenizer.sha256]
      return [{ kind: 'tokenizer', subject: tokenizer.file, expected, found }]
    }
    warnings.push(
      `${name} has its tokenizer in ${tokenizer.file}, ${referenceName} in ${reference.file}: whether they agree is not known.`
    )
    return []
  }
  return vocabularyDifferences(reference.vocabulary, tokenizer.vocabulary)
}

function vocabularyDifferences(
  reference: ReadonlyMap<string, number>,
  vocabulary: ReadonlyMap<string, number>
): Difference[] {
  const differences: Difference[] = []
  const say = (id: number | undefined) => (id === undefined ? 'missing' : `token ${id}`)
  const add = (token: string) =>
    differences.push({
      kind: 'tokenizer',
      subject: JSON.stringify(token),
      expected: say(reference.get(token)),
      found: say(vocabulary.get(token))
    })
  for (const [token, id] of reference) if (vocabulary.get(token) !== id) add(token)
  for (const token of vocabulary.keys()) if (!reference.has(token)) add(token)
  return differences
}

function ancestryOf(
  models: readonly LineageModel[],
  differences: LineageDifference[],
  warnings: string[]
): LineageCheck['ancestry'] {
  const kin = models.map(({ self, ancestry }) => ({ self, ancestor: ancestry?.ancestor ?? null }))
  const roots = rootsOf(kin).map((root, index) => ({ model: models[index]!.name, root }))
  const known = roots.flatMap(({ model, root }) => (root ? [{ model, root }] : []))
  const [first] = known
  const others = known.filter(({ root }) => root.id !== first!.root.id)
  if (first && known.length === models.length && others.length === 0) return 'same'
  const stranger = others.find(({ root }) => kindOf(root.id) === kindOf(first!.root.id))
  if (first && stranger) {
    differences.push({
      kind: 'ancestor',
      model: stranger.model,
      reference: first.model,
      subject: 'it started from',
      expected: first.root.name,
      found: stranger.root.name
    })
    return 'different'
  }
  const silent = roots.filter(({ root }) => !root).map(({ model }) => model)
  warnings.push(
    silent.length > 0
      ? `What ${listed(silent)} started from is not known. A merge of models that share no ancestor is of no use; see how far they are apart.`
      : 'What these models started from is told in ways that cannot be compared; see how far they are apart.'
  )
  return 'unknown'
}

/** Names in a sentence; of many, the first. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}

/** `run`, `hub` …: two ids of different kinds may mean one model. */
function kindOf(id: string): string {
  return id.slice(0, id.indexOf(':'))
}
