/** How models were made: model, tokenizer, seed, branches, mixtures, budgets. */
import { parameterCount } from '#engine/model/config'
import { counted, grouped, inBytes } from '#shared/numberWords'
import type { DecoderConfig, Recipe, Study } from '#shared/records'
import type { ReportContents } from './contents'
import { absent, factsOf, markup, section } from './markup'
import type { Facts, Piece } from './markup'
import { figure } from './numbers'

/** The recipe of a study in words, and the whole of it as JSON. */
export function recipeSection({ results, facts }: ReportContents): Piece {
  const known = recipeFacts({ results, facts })
  if (known === null) {
    return section(
      'recipe',
      'Recipe',
      absent(
        'The tables do not say how the models were made: model, tokenizer and training are not known.'
      )
    )
  }
  return section(
    'recipe',
    'Recipe',
    factsOf(known),
    markup`<details><summary>The study as it was asked, JSON</summary><pre tabindex="0">${JSON.stringify(results.study, null, 2)}</pre></details>
`
  )
}

/** Hyper-parameters in words; null where tables do not say them. */
export function recipeFacts({
  results,
  facts
}: Pick<ReportContents, 'results' | 'facts'>): Facts | null {
  const { study, prepared, tables } = results
  if (tables || facts.cost === null) return null
  const { config } = facts.cost
  const unitTokens = study.unit.sequences * config.contextLength
  return [
    [
      'Model',
      markup`${familyWords(config)}, ${figure(parameterCount(config), grouped)} parameters: ${config.hiddenLayers} layers, width ${config.hiddenSize}, ${counted(config.attentionHeads, 'head')} (${config.keyValueHeads} of keys and values), feed-forward ${config.intermediateSize}, context ${config.contextLength} tokens, ${config.tieEmbeddings ? 'tied' : 'untied'} embeddings`
    ],
    ['Tokenizer', tokenizerWords(study, prepared.tokenizer.vocabularySize)],
    ['Seed', seedWords(study)],
    ...recipesOf(study),
    [
      'Base unit',
      `${counted(study.unit.sequences, 'sequence')} of ${config.contextLength} tokens: ${grouped(unitTokens)} tokens each; text left over: ${study.unit.leftOver}${study.unit.parts > 1 ? `; cut into ${study.unit.parts} interleaved parts, a branch for each` : ''}`
    ],
    [
      'Mixtures',
      `over ${study.mixtures.over}, chosen: ${chosenWords(study.mixtures.choose)}${besides(study.mixtures.added, 'added by hand')}`
    ],
    [
      'Sequential models',
      `chosen: ${chosenWords(study.sequential.choose)}${besides(study.sequential.added, 'picked by the user')}${besides(study.sequential.top, 'told by a search')}${besides(study.sequential.design, 'proposed by the diagnosis')}; truth budget ${study.sequential.budgets.join(' and ')}`
    ],
    ['Merges', study.merges.join(', ')],
    [
      'Held out',
      `${(100 * study.holdOut.share).toFixed(1)} % of documents, at most ${grouped(study.holdOut.tokenCap)} tokens of a domain`
    ],
    ['Random seed', study.randomSeed]
  ]
}

function tokenizerWords({ tokenizer }: Study, vocabulary: number): string {
  const size = `vocabulary ${grouped(vocabulary)}`
  return tokenizer.kind === 'train'
    ? `byte-level BPE, ${size}, trained on at most ${inBytes(tokenizer.sampleBytes)} of this text`
    : `brought from a file, ${size}`
}

function seedWords({ seed }: Study): string {
  switch (seed.source) {
    case 'text':
      return `trained on ${grouped(seed.tokenBudget)} tokens of ${seed.corpus}; ${recipeWords(seed.recipe)}`
    case 'checkpoint':
      return 'a checkpoint from outside'
    case 'none':
      return 'random initial weights, the same for all branches'
  }
}

function familyWords({ architecture }: DecoderConfig): string {
  return architecture ? `decoder of the family ${architecture.family}` : 'Llama-family decoder'
}

function recipesOf({ branch, sequential, models }: Study): [string, string][] {
  if (models) {
    const { branches, sequential: whole } = models
    return [
      [
        'Branches and sequential models',
        `trained elsewhere and imported: ${counted(branches.length, 'branch', 'branches')}, ${counted(whole.length, 'sequential model')}`
      ]
    ]
  }
  if (!sequential.recipe) return [['Branches and sequential models', recipeWords(branch)]]
  return [
    ['Branches', recipeWords(branch)],
    ['Sequential models', recipeWords(sequential.recipe)]
  ]
}

function recipeWords(recipe: Recipe): string {
  const { batchSize, schedule, peakLearningRate, warmupSteps, weightDecay } = recipe
  return [
    `AdamW (β ${recipe.beta1}, ${recipe.beta2}; weight decay ${weightDecay})`,
    `batch ${counted(batchSize, 'sequence')}`,
    `learning rate ${peakLearningRate}, ${schedule}${warmupSteps > 0 ? ` after ${counted(warmupSteps, 'step')} of warm-up` : ''}`,
    recipe.gradientClip === null
      ? 'gradients not clipped'
      : `gradients clipped at ${recipe.gradientClip}`,
    ...(recipe.replay > 0
      ? [`${(100 * recipe.replay).toFixed(1)} % seed text in every batch`]
      : []),
    `precision ${recipe.matmulPrecision}`,
    `starts from ${recipe.start.replaceAll('-', ' ')}`
  ].join(', ')
}

type Choice = Study['mixtures']['choose'] | Study['sequential']['choose']

function chosenWords(choice: Choice): string {
  switch (choice.kind) {
    case 'all':
      return 'minimumSize' in choice
        ? `all of ${choice.minimumSize} or more members${choice.maximumSize ? `, at most ${choice.maximumSize}` : ''}`
        : 'all mixtures'
    case 'sizes':
      return `all of size ${choice.sizes.join(', ')}`
    case 'random':
      return `${choice.count} at random`
    case 'leave-one-out':
      return 'all members but one'
    case 'list':
      return 'a list'
    case 'none':
      return 'none'
  }
}

function besides(added: readonly unknown[], how: string): string {
  return added.length === 0 ? '' : `, and ${added.length} ${how}`
}
