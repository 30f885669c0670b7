/** A merge of models as it is filled in, and what the engine is asked for. Pure. */
import type { MergeMethod, MergeSetting } from '#shared/merging'
import type { StoredDtype } from '#shared/modelExport'
import type { ListedMerge, ListedModel, MergeMethodRules, SettingValues } from '#shared/modelsView'

/** Values are as they are typed; what is left empty is the method's own. */
export interface MergeDraft {
  name: string
  method: MergeMethod
  /** Id; empty where the method has no base. */
  base: string
  /** By setting. */
  shared: Record<string, string>
  /** By id of a model, then by setting. */
  perModel: Record<string, Record<string, string>>
  dtype: StoredDtype | ''
}

export const SETTING_WORDS: Readonly<Record<MergeSetting, string>> = {
  weight: 'weight',
  normalize: 'weights made to sum to 1',
  lambda: 'scale of the differences (lambda)',
  density: 'share of values kept (density)',
  rescale: 'what is kept scaled up (rescale)',
  epsilon: 'spread of the shares kept (epsilon)',
  t: 'how far from first to second (t)',
  normalize_weights: 'weights made to sum to 1',
  nuslerp_flatten: 'each tensor as one vector',
  nuslerp_row_wise: 'by rows, else by columns',
  max_iter: 'steps at most',
  tol: 'tolerance of the steps',
  eps: 'least length that is turned',
  filter_wise: 'by rows instead of whole tensors'
}

export const METHOD_WORDS: Readonly<Record<MergeMethod, string>> = {
  linear: 'weighted average',
  task_arithmetic: 'differences to a base, summed',
  slerp: 'along the arc between two models',
  nuslerp: 'along the arc, by weights',
  multislerp: 'mean on the sphere of several models',
  karcher: 'Karcher mean of several models',
  model_stock: 'towards the base, as far as the models agree',
  ties: 'differences trimmed, by elected sign',
  dare_linear: 'differences dropped at random',
  dare_ties: 'differences dropped at random, by elected sign',
  della: 'differences dropped by size, by elected sign',
  della_linear: 'differences dropped by size'
}

/** A merge to begin with: all weighted alike, the seed as base where it is among them. */
export function firstDraft(models: readonly ListedModel[], name: string): MergeDraft {
  const base = models.find(({ role }) => role === 'seed') ?? models[0]
  return {
    name,
    method: 'linear',
    base: base?.id ?? '',
    shared: {},
    perModel: Object.fromEntries(models.map(({ id }) => [id, { weight: '1' }])),
    dtype: ''
  }
}

/** The models that are merged, without the base where the method has one. */
export function mergedModels(
  { base }: MergeDraft,
  rules: MergeMethodRules,
  models: readonly ListedModel[]
): ListedModel[] {
  return rules.base === 'unused' ? [...models] : models.filter(({ id }) => id !== base)
}

/**
 * What the engine is asked for.
 *
 * @returns `problem` where a field holds what it cannot
 */
export function mergeRequest(
  draft: MergeDraft,
  rules: MergeMethodRules,
  models: readonly ListedModel[],
  study: string
): { request: ListedMerge } | { problem: string } {
  if (draft.name.trim() === '') return { problem: 'Name the merge.' }
  try {
    const request = {
      study,
      name: draft.name.trim(),
      method: draft.method,
      base: rules.base === 'unused' || draft.base === '' ? null : draft.base,
      models: mergedModels(draft, rules, models).map(({ id, name }) => ({
        id,
        settings: valuesOf(rules.perModel, draft.perModel[id] ?? {}, ` of ${name}`)
      })),
      settings: valuesOf(rules.shared, draft.shared, ''),
      dtype: draft.dtype === '' ? null : draft.dtype,
      randomSeed: 1
    }
    if (request.models.length === 0) return { problem: 'There is no model besides the base.' }
    return { request }
  } catch (fault) {
    return { problem: (fault as Error).message }
  }
}

function valuesOf(
  settings: MergeMethodRules['shared'],
  typed: Readonly<Record<string, string>>,
  of: string
): SettingValues {
  const values: SettingValues = {}
  for (const { name, standard } of settings) {
    const text = (typed[name] ?? '').trim()
    if (text === '') {
      if (standard === null) throw new Error(`Fill in the ${SETTING_WORDS[name]}${of}.`)
      continue
    }
    if (typeof standard === 'boolean') values[name] = text === 'true'
    else {
      const value = Number(text)
      if (!Number.isFinite(value)) {
        throw new Error(`The ${SETTING_WORDS[name]}${of} is a number; found “${text}”.`)
      }
      values[name] = value
    }
  }
  return values
}
