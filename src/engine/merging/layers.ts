/** Settings that change from layer to layer, as rules for each layer. */
import { WorkbenchError } from '#shared/errors'
import type { MergeRecipe, MergeSettings, SettingRule } from '#shared/merging'

/** The layers of a model, as its tensors' names tell them: what stands before each number. */
interface Layers {
  prefix: string
  count: number
}

/**
 * Spreads lists of numbers over the layers, as mergekit does: the first number is that of the first
 * layer, the last that of the last, and between them lines are drawn; what lies in no layer has the
 * first. Rules of one number stay as they are.
 *
 * @param names of all tensors
 * @throws WorkbenchError `merge/invalid` where the recipe needs layers and the names tell of none, of
 *   several stacks, or of another number than the recipe does
 */
export function spreadOverLayers(recipe: MergeRecipe, names: readonly string[]): MergeRecipe {
  const all = [recipe.settings, ...recipe.models.map(({ settings }) => settings)]
  const isSpread = all.some((settings) =>
    Object.values(settings).some((rules) => rules.some(({ value }) => Array.isArray(value)))
  )
  if (!isSpread && recipe.layers === undefined) return recipe
  const layers = layersOf(names)
  if (recipe.layers !== undefined && recipe.layers !== layers.count) {
    throw new WorkbenchError(
      'merge/invalid',
      `The recipe is about ${recipe.layers} layers; the models have ${layers.count}. Merges of ranges of layers are not made.`,
      { expected: layers.count, found: recipe.layers }
    )
  }
  const spread = (settings: MergeSettings) =>
    Object.fromEntries(
      Object.entries(settings).map(([name, rules]) => [
        name,
        rules.flatMap((rule) => rulesOf(rule, layers))
      ])
    )
  return {
    ...recipe,
    settings: spread(recipe.settings),
    models: recipe.models.map((model) => ({ ...model, settings: spread(model.settings) }))
  }
}

function layersOf(names: readonly string[]): Layers {
  const found = names.flatMap((name) => {
    // The first part that is a number, others behind it. By hand: a file's names may be made to hold an expression up.
    const parts = name.split('.')
    const at = parts.findIndex((part) => part === '' || /^\d+$/.test(part))
    if (at < 0 || at === parts.length - 1 || parts[at] === '') return []
    const prefix = parts.slice(0, at).map((part) => `${part}.`)
    return [{ prefix: prefix.join(''), number: Number(parts[at]) }]
  })
  const prefixes = [...new Set(found.map(({ prefix }) => prefix))]
  if (prefixes.length === 1) {
    return { prefix: prefixes[0]!, count: Math.max(...found.map(({ number }) => number)) + 1 }
  }
  throw new WorkbenchError(
    'merge/invalid',
    `Settings that change from layer to layer need one stack of numbered layers; the tensors' names tell of ${prefixes.length === 0 ? 'none' : prefixes.join(', ')}. Give one number instead.`,
    { found: prefixes }
  )
}

function rulesOf(rule: SettingRule, { prefix, count }: Layers): SettingRule[] {
  const { value } = rule
  if (!Array.isArray(value)) return [rule]
  const own = Array.from({ length: count }, (_, layer): SettingRule => {
    const place = count === 1 ? 1 : layer / (count - 1)
    return { ...rule, value: between(value, place), under: `${prefix}${layer}.` }
  })
  return [...own, { ...rule, value: value[0]! }]
}

/** A number on the lines through several, from 0 at the first to 1 at the last. */
function between(values: readonly number[], place: number): number {
  const scaled = place * (values.length - 1)
  const from = Math.trunc(scaled)
  const to = Math.min(values.length - 1, from + 1)
  const share = scaled - from
  return (1 - share) * values[from]! + share * values[to]!
}
