/** What every exported table holds: names in their order, types, units, meanings. */

/** One column of a table. */
export interface Column {
  name: string
  type: 'text' | 'integer' | 'number'
  /** Unit of a number, or empty. */
  unit: string
  meaning: string
}

/** One cell; null is written as an empty one. */
export type Cell = string | number | null
export type Row = Record<string, Cell>

/** A table ready to be written. */
export interface Table {
  /** Name of the file without its ending. */
  name: string
  meaning: string
  columns: Column[]
  rows: Row[]
}

const text = (name: string, meaning: string): Column => ({ name, type: 'text', unit: '', meaning })
const integer = (name: string, unit: string, meaning: string): Column => ({
  name,
  type: 'integer',
  unit,
  meaning
})
const number = (name: string, unit: string, meaning: string): Column => ({
  name,
  type: 'number',
  unit,
  meaning
})

const DOCUMENTS_MEANING = 'Documents measured on: `all`, `clean`, `choose` or `confirm`'

export const PARTITION_COLUMNS: Column[] = [
  text('partition', 'Name of the training partition'),
  integer('documents', 'documents', 'Documents kept for training'),
  integer('bytes', 'bytes', 'UTF-8 bytes of their text'),
  integer('tokens', 'tokens', 'Tokens of the training stream, end-of-text tokens included'),
  integer('base_units', 'units', 'Base units cut from it'),
  integer('left_over_tokens', 'tokens', 'Tokens beyond the last whole base unit'),
  integer('held_out_tokens', 'tokens', 'Tokens of the documents held out'),
  integer('duplicates_removed', 'documents', 'Documents removed as exact duplicates'),
  integer('held_out_documents', 'documents', 'Documents held out'),
  integer('held_out_bytes', 'bytes', 'UTF-8 bytes of the documents held out'),
  integer('duplicate_bytes', 'bytes', 'UTF-8 bytes of the duplicates removed')
]

export const RUN_COLUMNS: Column[] = [
  text('run', 'Readable name of the training run'),
  text('role', '`seed`, `branch` or `sequential`'),
  text('mixture', 'Mixture of a sequential run'),
  integer('base_units', 'units', 'Base units it trains on'),
  integer('tokens', 'tokens', 'Tokens it trains on'),
  integer('steps', 'steps', 'Optimizer steps'),
  number('final_loss', 'nats/token', 'Mean training loss of the last tenth of steps'),
  number('seconds', 's', 'Time spent training; differs from machine to machine'),
  number('tokens_per_second', 'tokens/s', 'Training rate; differs from machine to machine'),
  text('backend', 'What computed it'),
  text('budget', 'Truth budget of a sequential run: `sum` or `fixed`'),
  text('state', '`done`: runs that are not finished are not listed'),
  text('device', 'Device that computed it; of several GPUs with its number'),
  text(
    'chosen_by',
    'Why a sequential run was chosen: `random`, `design` (all mixtures, or proposed by a diagnosis), `top` (told by a search, since its proxy puts them first or to check that) or `user` (a list, or picked in the window)'
  ),
  text('fingerprint', 'SHA-256 of everything the result depends on'),
  integer('random_seed', '', 'Random seed of its order of data')
]

export const MEASUREMENT_COLUMNS: Column[] = [
  text('model', 'Readable and unique: `seed`, `branch UNIT`, `merge-micro MIXTURE`, …'),
  text('role', '`seed`, `branch`, `merge`, `proxy` (of tables) or `sequential`'),
  text('mixture', 'Mixture that a merge or sequential model stands for'),
  text('domain', 'Held-out domain, or a mean over domains'),
  text('domain_kind', '`in`, `seed`, `out` or `mean`'),
  number('nats', 'nats', 'Summed loss; empty on means'),
  integer('tokens', 'tokens', 'Predicted tokens; empty on means'),
  integer('bytes', 'bytes', 'UTF-8 bytes of the text; empty on means'),
  number('perplexity', 'perplexity', 'exp(nats / tokens); on `-log` means nats per token'),
  number('perplexity_low', 'perplexity', 'Lower end of its 95 % interval over documents'),
  number('perplexity_high', 'perplexity', 'Upper end of its 95 % interval over documents'),
  number('bits_per_byte', 'bits/byte', 'nats / (bytes · ln 2); on means the mean over domains'),
  text('merge', '`micro`, `macro` or `tau-` and its τ for a merge'),
  text('budget', '`sum` or `fixed` for a sequential model'),
  integer('documents', 'documents', 'Documents measured; empty on means'),
  integer('clean_documents', 'documents', 'Those that training text does not overlap'),
  integer('clean_tokens', 'tokens', 'Predicted tokens of the clean documents'),
  number('clean_perplexity', 'perplexity', 'Perplexity on the clean documents alone'),
  text('fingerprint', 'Fingerprint of the model'),
  integer(
    'random_seed',
    '',
    'Of models that were trained again, and of merges of such branches; else empty'
  ),
  integer('items', 'items', 'Of a task: items with choices; the next three are means over them'),
  number('accuracy', '0 to 1', 'Share of items whose right answer costs the fewest nats'),
  number('accuracy_per_byte', '0 to 1', 'The same of nats by byte'),
  number('normalized_probability', '0 to 1', 'Of the right answer among the choices, by byte')
]

const PROXY_MEANING = 'A proxy of the list above'

export const PAIR_COLUMNS: Column[] = [
  text('mixture', 'Name of the mixture'),
  integer(
    'size',
    'members',
    'Number of its members: partitions, or units if mixtures are of units'
  ),
  text('budget', 'Truth budget of the sequential model: `sum` or `fixed`'),
  text('domain', 'Held-out domain, or a mean over domains'),
  text('domain_kind', '`in`, `seed`, `out` or `mean`'),
  text('proxy', PROXY_MEANING),
  number(
    'proxy_perplexity',
    'perplexity',
    'What the proxy says; units for `count`, 0–1 for `share`'
  ),
  number('sequential_perplexity', 'perplexity', 'What the sequential model has'),
  text('documents', DOCUMENTS_MEANING),
  text('evidence', '`no` where the sequential model is the merge, one branch; else `yes`')
]

export const LINE_COLUMNS: Column[] = [
  text('line', '`seed-branch`, `branch-branch` or `branch-merge` (the even merge of all branches)'),
  text('from', 'Model at t = 0: `seed`, or a branch by its base unit'),
  text('to', 'Model at t = 1'),
  text('domain', 'Held-out domain, or a mean over domains that ends in `-log`'),
  number('t', '', 'Place on the line: weights are (1 − t) of the first and t of the second model'),
  number('loss', 'nats/token', 'Loss of the model at t'),
  number('above_straight', 'nats/token', 'Loss less what lies straight between both ends'),
  number('barrier', 'nats/token', 'Highest of these along the line; at least 0'),
  text('documents', DOCUMENTS_MEANING)
]

const STATISTIC_MEANINGS = {
  pearson: "Pearson's r of proxy and sequential value over mixtures",
  spearman: "Spearman's ρ",
  kendall: "Kendall's τ-b"
}

function statisticColumns(name: keyof typeof STATISTIC_MEANINGS, hasDrop: boolean): Column[] {
  return [
    number(name, '−1 to 1', STATISTIC_MEANINGS[name]),
    number(`${name}_low`, '−1 to 1', 'Lower end of its 95 % BCa interval over mixtures'),
    number(`${name}_high`, '−1 to 1', 'Upper end of that interval'),
    ...(hasDrop ? dropColumns(name) : []),
    number(`${name}_p`, '0 to 1', 'Two-sided p by relabelling partitions')
  ]
}

function dropColumns(name: string): Column[] {
  return [
    number(`${name}_drop_low`, '−1 to 1', 'Smallest value with one partition left out'),
    number(`${name}_drop_high`, '−1 to 1', 'Largest value with one partition left out')
  ]
}

export const AGREEMENT_COLUMNS: Column[] = [
  text('domain', 'Held-out domain, or a mean over domains'),
  text('domain_kind', '`in`, `seed`, `out` or `mean`'),
  text('budget', 'Truth budget: `sum` or `fixed`'),
  text('stratum', 'Which mixtures are compared with which'),
  text('proxy', PROXY_MEANING),
  integer('n', 'mixtures', 'Mixtures that were compared with another'),
  ...statisticColumns('pearson', true),
  ...statisticColumns('spearman', true),
  ...statisticColumns('kendall', false),
  ...dropColumns('kendall'),
  integer('relabellings', 'relabellings', 'Relabellings behind the p-values'),
  number('p_smallest', '0 to 1', 'Smallest p-value these relabellings can give'),
  text('documents', DOCUMENTS_MEANING),
  ...Object.keys(STATISTIC_MEANINGS).map((name) =>
    number(
      `${name}_p_holm`,
      '0 to 1',
      `${name}_p corrected by Holm over the domains; empty on means`
    )
  )
]

function estimateColumns(name: string, unit: string, meaning: string): Column[] {
  return [
    number(name, unit, meaning),
    number(`${name}_low`, unit, 'Lower end of its 95 % percentile interval over mixtures'),
    number(`${name}_high`, unit, 'Upper end of that interval'),
    number(`${name}_drop_low`, unit, 'Smallest value with one partition left out'),
    number(`${name}_drop_high`, unit, 'Largest value with one partition left out')
  ]
}

const DIFFERENCE = 'less that of `merge-micro` on the mixtures both speak of, resampled as pairs'

export const COMPARISON_COLUMNS: Column[] = [
  text('domain', 'Held-out domain, or a mean over domains'),
  text('domain_kind', '`in`, `seed`, `out` or `mean`'),
  text('budget', 'Truth budget: `sum` or `fixed`'),
  text('proxy', PROXY_MEANING),
  integer('n', 'mixtures', 'Mixtures that were compared with another of their size'),
  ...estimateColumns('spearman', '−1 to 1', "Spearman's ρ within sizes"),
  ...estimateColumns(
    'accuracy',
    '0 to 1',
    'Share of pairs of one size that the proxy orders as training does'
  ),
  ...estimateColumns(
    'top_quarter',
    '0 to 1',
    'Share of the truly best quarter of a size that is among the best quarter by the proxy'
  ),
  ...estimateColumns(
    'regret',
    'nats per token',
    'What choosing by the proxy cost: loss of the mixture it puts first less the least, mean over sizes'
  ),
  ...estimateColumns(
    'regret_share',
    '0 to 1',
    'The same as a share of what there was to lose in the size'
  ),
  ...estimateColumns(
    'slope',
    '',
    'Calibration: slope of the sequential loss on the proxy’s, within sizes'
  ),
  ...estimateColumns(
    'offset',
    'nats per token',
    'Calibration: mean of the sequential loss less the proxy’s'
  ),
  ...estimateColumns('accuracy_difference', '−1 to 1', `Accuracy ${DIFFERENCE}`),
  ...estimateColumns('spearman_difference', '−2 to 2', `ρ ${DIFFERENCE}`),
  text('documents', DOCUMENTS_MEANING),
  ...estimateColumns(
    'top_spearman',
    '−1 to 1',
    "Spearman's ρ among the quarter of each size, rounded up, that the proxy puts first; empty below four of them"
  )
]

export const OFFSET_COLUMNS: Column[] = [
  text('domain', 'Held-out domain, or a mean over domains'),
  text('domain_kind', '`in`, `seed`, `out` or `mean`'),
  text('budget', 'Truth budget: `sum` or `fixed`'),
  text('proxy', PROXY_MEANING),
  integer('n', 'mixtures', 'Trained mixtures that the offset is learned from'),
  integer('partitions_least', 'partitions', 'Fewest partitions merged among them'),
  integer('partitions_most', 'partitions', 'Most; beyond these nothing is levelled'),
  integer('branches_least', 'branches', 'Fewest branches merged among them'),
  integer('branches_most', 'branches', 'Most; beyond these nothing is levelled'),
  number(
    'intercept',
    'nats per token',
    'Offset = intercept + per_partition · ln partitions + per_branch · ln branches'
  ),
  number('per_partition', 'nats per token', 'Slope on the natural log of the partitions merged'),
  number(
    'per_branch',
    'nats per token',
    'Slope on the natural log of the branches merged; with a sum budget that is ln tokens, but for a constant'
  ),
  number(
    'rmse_raw',
    'nats per token',
    'Root of the mean squared error of mixtures left out one at a time, with one offset for all'
  ),
  number('rmse_levelled', 'nats per token', 'The same with the offset by size'),
  integer('pairs', 'pairs', 'Pairs of different sizes that the proxy as it stands does not tie'),
  number('accuracy_raw', '0 to 1', 'Share of them that the proxy orders as training does'),
  number('accuracy_levelled', '0 to 1', 'The same of the proxy with its offset'),
  number('accuracy_count', '0 to 1', 'The same by the number of branches alone, more being better'),
  number(
    'regret_raw',
    'nats per token',
    'What choosing among all sizes by the proxy costs: loss of the mixture it puts first less the least'
  ),
  number('regret_levelled', 'nats per token', 'The same of the proxy with its offset'),
  text('earns', '`yes` where rankings across sizes use it, else `no`'),
  text('documents', DOCUMENTS_MEANING)
]

/** Of `assay transfer`, which is no table of one study. */
export const TRANSFER_COLUMNS: Column[] = [
  text('small', 'Study whose merges are the proxy'),
  text('large', 'Study whose sequential models are the truth'),
  text('domain', 'Held-out domain, or a mean over domains'),
  text('domain_kind', '`in`, `seed`, `out` or `mean`'),
  text('budget', 'Truth budget: `sum` or `fixed`'),
  text('proxy', 'Merge, or ensemble, of the smaller study'),
  integer('n', 'mixtures', 'Mixtures that were compared with another of their size'),
  ...estimateColumns('pearson', '−1 to 1', "Pearson's r within sizes"),
  ...estimateColumns('spearman', '−1 to 1', "Spearman's ρ within sizes"),
  ...estimateColumns('kendall', '−1 to 1', "Kendall's τ-b within sizes"),
  ...estimateColumns('accuracy', '0 to 1', 'Share of pairs of one size ordered alike')
]

export const FIT_COLUMNS: Column[] = [
  text('domain', 'Held-out domain'),
  text('domain_kind', '`in`, `seed` or `out`'),
  text('proxy', 'The regression'),
  text('budget', 'Truth budget of the sequential models it is fitted on; empty on merges'),
  integer('n', 'mixtures', 'Mixtures it is fitted on'),
  number(
    'rmse_one',
    'nats per token',
    'Root of the mean squared error of mixtures left out one at a time; empty with more than 64'
  ),
  number('rmse_tenth', 'nats per token', 'The same, a tenth of the mixtures left out at a time'),
  number(
    'rmse_mean',
    'nats per token',
    'The same of predicting the mean of the others, parts as for rmse_tenth'
  ),
  number('spearman', '−1 to 1', "Spearman's ρ of predictions by a tenth left out and losses"),
  text('documents', DOCUMENTS_MEANING)
]

const deviationColumns = (name: string, of: string): Column[] => [
  number(name, 'nats per token', `Standard deviation between random seeds of ${of}`),
  number(`${name}_low`, 'nats per token', 'Lower end of its 95 % interval'),
  number(`${name}_high`, 'nats per token', 'Upper end of its 95 % interval'),
  integer(`${name}_degrees`, '', 'Degrees of freedom behind it')
]

export const NOISE_COLUMNS: Column[] = [
  text('domain', 'Held-out domain, or a mean over domains'),
  text('domain_kind', '`in`, `seed`, `out` or `mean`'),
  text('budget', 'Truth budget: `sum` or `fixed`'),
  text('proxy', PROXY_MEANING),
  integer('n', 'mixtures', 'Mixtures that are compared with another of their size'),
  number(
    'spread',
    'nats per token',
    'Standard deviation of sequential losses within sizes, noise included'
  ),
  integer('repeated', 'mixtures', 'Mixtures whose sequential model was trained more than once'),
  ...deviationColumns('sequential_noise', 'one sequential model'),
  ...deviationColumns(
    'proxy_noise',
    'the proxy, but for what moves all mixtures of a size alike; empty where branches were trained once'
  ),
  integer('pairs', 'pairs', 'Pairs of one size'),
  integer('ties', 'pairs', 'Those whose sequential losses differ by less than noise does (95 %)'),
  number(
    'accuracy_beyond_noise',
    '0 to 1',
    'Share of the other pairs that the proxy orders as training does'
  ),
  number(
    'spearman_ceiling',
    '−1 to 1',
    'ρ within sizes that a proxy right about every mixture has'
  ),
  number('accuracy_ceiling', '0 to 1', 'Its accuracy, on all pairs'),
  number('spearman_ceiling_as_noisy', '−1 to 1', 'ρ of one that is as noisy as this proxy'),
  number('accuracy_ceiling_as_noisy', '0 to 1', 'Its accuracy'),
  text(
    'spearman_other_seeds',
    'ρ of the proxy made of other random seeds’ branches with the same sequential models, blanks between'
  ),
  text('documents', DOCUMENTS_MEANING)
]

export const PREDICTION_COLUMNS: Column[] = [
  text('mixture', 'Mixture of the sequential model'),
  text('budget', 'Truth budget: `sum` or `fixed`'),
  text('chosen_by', 'Why it is trained, as in `runs.csv`'),
  text('proxy', PROXY_MEANING),
  text('domain', 'Held-out domain'),
  number('predicted', 'nats per token', 'What the proxy had said, written down before training'),
  number('sequential', 'nats per token', 'What training gave; empty where it is not trained yet'),
  number('error', 'nats per token', 'The first less the second'),
  integer('trained_then', 'models', 'Sequential models that were measured when it was written')
]

export const MIXTURE_COLUMNS: Column[] = [
  text('mixture', 'Name of the mixture'),
  text('unit', 'Base unit it holds'),
  number('weight', '0 to 1', 'Weight of the unit in the micro merge; sums to 1 over the mixture'),
  number('macro_weight', '0 to 1', 'Weight of the unit in the macro merge'),
  text('partition', 'Partition the unit belongs to')
]

export const DOMAIN_COLUMNS: Column[] = [
  text('domain', 'Name of the held-out domain'),
  text('domain_kind', '`in`, `seed` or `out`'),
  text('partition', 'Training partition it is held out of'),
  integer('documents', 'documents', 'Documents measured'),
  integer('tokens', 'tokens', 'Predicted tokens'),
  integer('bytes', 'bytes', 'UTF-8 bytes of their text'),
  integer(
    'overlapping_documents',
    'documents',
    'Those of which over half of the 13-grams stand in training text'
  ),
  integer(
    'duplicates_removed',
    'documents',
    'Exact duplicates removed from the partition or corpus it is taken from'
  ),
  text('fingerprint', 'SHA-256 of the tokens measured'),
  integer('context_tokens', 'tokens', 'Of a task: tokens of contexts, seen and not scored'),
  integer(
    'other_answers',
    'answers',
    'Of a task: wrong answers, measured beside the right ones; empty where it was imported without'
  ),
  text('other_answers_fingerprint', 'SHA-256 of their tokens')
]

export const EFFECT_COLUMNS: Column[] = [
  text('added', 'Partition, or base unit, that the second mixture of each pair has more'),
  text('domain', 'Held-out domain, or a mean of log perplexities'),
  text('domain_kind', '`in`, `seed`, `out` or `mean`'),
  text('of', 'Proxy whose losses are compared, or `sequential`: both mixtures were trained'),
  text(
    'budget',
    'Truth budget of `sequential`; of a proxy: over the pairs that are both trained under it; empty: over all pairs'
  ),
  integer('pairs', 'pairs', 'Pairs of mixtures, one with it and one without, both measured'),
  number('mean', 'nats/token', 'Mean change of the loss; below 0 the addition helps'),
  number('least', 'nats/token', 'Smallest change'),
  number('lower_quartile', 'nats/token', 'A quarter of the changes are smaller'),
  number('median', 'nats/token', 'Half of the changes are smaller'),
  number('upper_quartile', 'nats/token', 'Three quarters of the changes are smaller'),
  number('most', 'nats/token', 'Largest change'),
  number('helps', '0 to 1', 'Share of pairs in which the loss falls'),
  text('documents', DOCUMENTS_MEANING)
]

export const OVERLAP_COLUMNS: Column[] = [
  text('partition', 'Training partition, or the seed text'),
  text('domain', 'Held-out domain'),
  integer('grams', '13-grams', 'Distinct 13-grams of words of the domain'),
  integer('shared_grams', '13-grams', 'Those that the training text holds'),
  integer('documents', 'documents', 'Documents of the domain'),
  integer(
    'overlapping_documents',
    'documents',
    'Those of which over half of the 13-grams stand in this training text'
  )
]
