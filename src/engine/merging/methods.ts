/** What each method of merging wants: a base or none, how many models, which settings. */
import { WorkbenchError } from '#shared/errors'
import { MERGE_METHODS } from '#shared/merging'
import type { MergeMethod, MergeRecipe, MergeSetting, MergeSettings } from '#shared/merging'

/** A setting without which a method cannot be. */
const REQUIRED = Symbol('required')
type Default = number | boolean | typeof REQUIRED

/**
 * `weighted`: a sum with factors known beforehand; `angles`: with factors that follow from inner
 * products; `differences`: of the models' differences to the base, of which some are left out.
 */
type Kind = 'weighted' | 'angles' | 'differences'

export interface MethodRules {
  kind: Kind
  base: 'required' | 'optional' | 'unused'
  /** Besides the base. */
  models: [atLeast: number, atMost: number]
  shared: Partial<Record<MergeSetting, Default>>
  perModel: Partial<Record<MergeSetting, Default>>
}

/** More than anybody merges; each has its share of the memory for blocks. */
const MOST_MODELS = 500

const weighted = { weight: REQUIRED } as const
const sparse = { weight: REQUIRED, density: 1 } as const
const ranked = { ...sparse, epsilon: 0.15 } as const

const differences = (
  perModel: MethodRules['perModel'],
  shared: { normalize: boolean; rescale: boolean }
): MethodRules => ({
  kind: 'differences',
  base: 'required',
  models: [1, MOST_MODELS],
  perModel,
  shared: { ...shared, lambda: 1 }
})

/** Defaults are mergekit's. */
export const METHOD_RULES: Readonly<Record<MergeMethod, MethodRules>> = {
  linear: {
    kind: 'weighted',
    base: 'unused',
    models: [1, MOST_MODELS],
    perModel: weighted,
    shared: { normalize: true }
  },
  task_arithmetic: {
    kind: 'weighted',
    base: 'required',
    models: [1, MOST_MODELS],
    perModel: weighted,
    shared: { normalize: false, lambda: 1 }
  },
  slerp: {
    kind: 'angles',
    base: 'required',
    models: [1, 1],
    perModel: {},
    shared: { t: REQUIRED }
  },
  nuslerp: {
    kind: 'angles',
    base: 'optional',
    models: [2, 2],
    perModel: weighted,
    shared: { nuslerp_flatten: true, nuslerp_row_wise: false }
  },
  multislerp: {
    kind: 'angles',
    base: 'optional',
    models: [1, MOST_MODELS],
    perModel: weighted,
    shared: { normalize_weights: true, eps: 1e-8 }
  },
  karcher: {
    kind: 'angles',
    base: 'unused',
    models: [1, MOST_MODELS],
    perModel: {},
    shared: { max_iter: 10, tol: 1e-5 }
  },
  model_stock: {
    kind: 'angles',
    base: 'required',
    models: [2, MOST_MODELS],
    perModel: {},
    shared: { filter_wise: false }
  },
  ties: differences(sparse, { normalize: true, rescale: false }),
  dare_linear: differences(sparse, { normalize: false, rescale: true }),
  dare_ties: differences(sparse, { normalize: false, rescale: true }),
  della: differences(ranked, { normalize: true, rescale: true }),
  della_linear: differences(ranked, { normalize: false, rescale: true })
}

/** A setting of mergekit's that only its default is made of here. */
export const NOT_MADE: MergeSetting = 'nuslerp_row_wise'

const invalid = (message: string, details: Record<string, string | number>) =>
  new WorkbenchError('merge/invalid', message, details)

/** What a setting may be; the rest is a number that is not infinite. */
const RANGES: Partial<Record<MergeSetting, [holds: (value: number) => boolean, words: string]>> = {
  density: [(value) => value >= 0 && value <= 1, 'from 0 to 1'],
  epsilon: [(value) => value >= 0 && value < 0.5, 'from 0 to below 0.5'],
  max_iter: [(value) => Number.isInteger(value) && value >= 0, 'a whole number'],
  tol: [(value) => value > 0, 'above 0'],
  eps: [(value) => value > 0, 'above 0']
}

/**
 * Asserts that a recipe is one that its method can be done by.
 *
 * @throws WorkbenchError `merge/invalid` saying what was expected and what was found
 */
export function checkRecipe({ method, base, models, settings }: MergeRecipe): void {
  if (!MERGE_METHODS.includes(method)) {
    throw invalid(`No method is called "${method}". There are ${MERGE_METHODS.join(', ')}.`, {
      found: method,
      expected: MERGE_METHODS.join(', ')
    })
  }
  const rules = METHOD_RULES[method]
  if (rules.base === 'required' && base === null) {
    throw invalid(`${method} wants a base, the model to which the others' differences are taken.`, {
      method,
      expected: 'base'
    })
  }
  if (rules.base === 'unused' && base !== null) {
    throw invalid(`${method} has no base, yet ${base} is named as one. Name it among the models.`, {
      method,
      found: base
    })
  }
  const [atLeast, atMost] = rules.models
  if (models.length < atLeast || models.length > atMost) {
    const wanted = atLeast === atMost ? `${atLeast}` : `from ${atLeast} to ${atMost}`
    const besides = rules.base === 'unused' ? '' : ' besides the base'
    throw invalid(`${method} wants ${wanted} models${besides}; ${models.length} were given.`, {
      method,
      expected: wanted,
      found: models.length
    })
  }
  checkSettings(method, { ...rules.shared, ...rules.perModel }, settings)
  for (const model of models) checkSettings(method, rules.perModel, model.settings)
}

function checkSettings(
  method: MergeMethod,
  known: MethodRules['shared'],
  settings: MergeSettings
): void {
  for (const [name, rules] of Object.entries(settings) as [MergeSetting, { value: unknown }[]][]) {
    if (!(name in known)) {
      throw invalid(
        `${method} has no setting ${name} here; it has ${Object.keys(known).join(', ') || 'none'}.`,
        { method, setting: name }
      )
    }
    for (const { value } of rules) checkValue(name, known[name], value)
  }
}

function checkValue(name: MergeSetting, standard: Default | undefined, value: unknown): void {
  const wanted = typeof standard === 'boolean' ? 'boolean' : 'number'
  const [holds, words] = RANGES[name] ?? [Number.isFinite, 'a number']
  const isGood = (one: unknown) =>
    typeof one === wanted && (wanted === 'boolean' || holds(one as number))
  const isSpread = Array.isArray(value) && wanted === 'number' && value.length > 0
  if (isSpread ? !value.every(isGood) : !isGood(value)) {
    const expected = wanted === 'boolean' ? 'true or false' : words
    throw invalid(`${name} is ${expected}; found ${String(value)}.`, {
      setting: name,
      expected,
      found: String(value)
    })
  }
  if (name !== NOT_MADE || value !== true) return
  throw invalid('nuslerp_row_wise is not made here: rows are, by nuslerp_flatten = false.', {
    setting: name
  })
}

/**
 * A setting as it is for one tensor: of the model, else of the merge, else the method's own.
 *
 * @param model null for what all models share
 * @throws WorkbenchError `merge/invalid` where it is required and no rule fits the tensor
 */
export function settingOf(
  recipe: MergeRecipe,
  setting: MergeSetting,
  model: number | null,
  tensor: string
): number | boolean {
  const own = model === null ? [] : [recipe.models[model]!.settings[setting]]
  for (const rules of [...own, recipe.settings[setting]]) {
    const rule = rules?.find(
      ({ filter, under = '' }) =>
        (filter === null || tensor.includes(filter)) && tensor.startsWith(under)
    )
    if (!rule) continue
    if (typeof rule.value === 'object') throw new Error(`${setting} is not spread over layers`)
    return rule.value
  }
  const { shared, perModel } = METHOD_RULES[recipe.method]
  const standard = perModel[setting] ?? shared[setting]
  if (typeof standard === 'number' || typeof standard === 'boolean') return standard
  const of = model === null ? '' : ` of ${recipe.models[model]!.folder}`
  throw invalid(`${recipe.method} wants ${setting}${of}, and none is given for ${tensor}.`, {
    setting,
    tensor
  })
}

/** {@link settingOf} where it is a number. */
export function numberOf(...of: Parameters<typeof settingOf>): number {
  return Number(settingOf(...of))
}

/**
 * Asserts that every setting that a tensor needs is given and fits the others.
 *
 * @throws WorkbenchError `merge/invalid`
 */
export function checkTensor(recipe: MergeRecipe, tensor: string): void {
  const { kind, shared, perModel } = METHOD_RULES[recipe.method]
  for (const setting of Object.keys(shared) as MergeSetting[]) {
    settingOf(recipe, setting, null, tensor)
  }
  recipe.models.forEach((_, model) => {
    for (const setting of Object.keys(perModel) as MergeSetting[]) {
      settingOf(recipe, setting, model, tensor)
    }
    if (!('epsilon' in perModel)) return
    const density = numberOf(recipe, 'density', model, tensor)
    const epsilon = numberOf(recipe, 'epsilon', model, tensor)
    const isRanked = density > 0 && density < 1
    if (isRanked && (density - epsilon <= 0 || density + epsilon >= 1)) {
      throw invalid(
        `density ${density} and epsilon ${epsilon} give ${tensor} probabilities from ${density - epsilon} to ${density + epsilon}; they lie between 0 and 1. Lower epsilon.`,
        { tensor, density, epsilon }
      )
    }
  })
  if (kind === 'weighted') weightedFactors(recipe, tensor)
}

/** The weights of all models for one tensor. */
export function weightsOf(recipe: MergeRecipe, tensor: string): number[] {
  return recipe.models.map((_, model) => numberOf(recipe, 'weight', model, tensor))
}

/**
 * By what base and models are multiplied in a sum whose factors are known beforehand.
 *
 * @returns `base` is 0 where there is none
 * @throws WorkbenchError `merge/invalid` where weights sum to zero that are to be divided by their sum
 */
export function weightedFactors(
  recipe: MergeRecipe,
  tensor: string
): { base: number; models: number[] } {
  const weights = weightsOf(recipe, tensor)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const normalize = settingOf(recipe, 'normalize', null, tensor) === true
  if (recipe.method === 'linear') {
    if (!normalize) return { base: 0, models: weights }
    if (Math.abs(total) < 1e-8) {
      throw invalid(`The weights for ${tensor} sum to ${total}: they cannot be made to sum to 1.`, {
        tensor,
        found: total
      })
    }
    return { base: 0, models: weights.map((weight) => weight / total) }
  }
  const divisor = normalize && Math.abs(total) >= 1e-8 ? total : 1
  const scale = numberOf(recipe, 'lambda', null, tensor) / divisor
  return { base: 1 - total * scale, models: weights.map((weight) => weight * scale) }
}
