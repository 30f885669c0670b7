/** The demo's study: small enough for minutes on two processor cores. */
import type { StudyDraft } from '#shared/records'
import { SPEECHES } from './corpora'

/** Partitions so alike that telling them apart is a test of its own. */
export const NEAR_PAIR: string[] = [...SPEECHES]

const [BEFORE, FROM] = SPEECHES

/**
 * Mixtures that are also trained. Sizes two to four have some each, and seven pairs differ only in which
 * of the two kinds of speeches they hold; nothing was chosen by its result.
 */
const TRAINED = [
  ...[['code'], ['e-mail'], ['fact-book'], ['languages']],
  ...[
    ['code', 'e-mail'],
    ['fact-book', 'languages']
  ],
  ...[['code', 'languages', 'fact-book']]
].flatMap((rest) => [
  [BEFORE, ...rest],
  [FROM, ...rest]
])

const OTHERS = [
  ['code', 'languages'],
  ['e-mail', 'fact-book'],
  ['code', 'e-mail', 'languages'],
  ['code', 'e-mail', 'fact-book'],
  [BEFORE, FROM, 'code', 'fact-book'],
  [BEFORE, FROM, 'e-mail', 'languages']
]

const peakLearningRate = 2e-3

/**
 * All subsets of two partitions and more are merged; 20 of them are also trained.
 *
 * @param randomSeed of weights, orders of data and resampling; the text stays the same
 */
export function demoStudy(randomSeed: number): StudyDraft {
  return {
    version: 1,
    name: 'demo',
    randomSeed,
    tokenizer: { kind: 'train', vocabularySize: 2048 },
    model: {
      hiddenSize: 96,
      hiddenLayers: 3,
      attentionHeads: 2,
      keyValueHeads: 2,
      intermediateSize: 256,
      contextLength: 128
    },
    seed: {
      source: 'text',
      corpus: 'dictionary',
      tokenBudget: 1_500_000,
      recipe: { batchSize: 16, peakLearningRate, schedule: 'cosine', warmupSteps: 50 }
    },
    branch: { batchSize: 16, peakLearningRate: peakLearningRate / 10, schedule: 'constant' },
    unit: { sequences: 800, maximum: 2 },
    holdOut: { share: 0.1, tokenCap: 8000 },
    mixtures: { over: 'partitions', choose: { kind: 'all', minimumSize: 2 } },
    sequential: {
      choose: {
        kind: 'list',
        mixtures: [...TRAINED, ...OTHERS].map((members) => members.sort().join('+'))
      },
      budgets: ['sum']
    }
  }
}
