/** Evidence as text: rankings, the headline, agreement by domain. */
import type { Evidence } from '#engine'
import { EFFECTS_CAUTION } from '#shared/additionEffect'
import { HEADLINE_DOMAIN, noiseRows, widerInterval } from '#shared/evidenceView'
import type { Estimate } from '#shared/evidenceView'
import { sizeOffsetWords } from '#shared/sizeOffset'
import { formatNumber, textTable } from './format'
import { describeTables } from './tablesSummary'

type Headline = Evidence['headline'][number]
type Interval = Headline['mixtures']

const interval = (one: Interval | undefined, digits = 2) =>
  one ? `${formatNumber(one.low, digits)} … ${formatNumber(one.high, digits)}` : '—'

const COUNT_OF_BRANCHES = [
  'count knows the number of base units and nothing else: where it differs within a size, it says what size',
  'alone gives. overlap knows which 13-grams of words the text of a mixture shares with a domain. ensemble',
  'averages what the branches say of each token; branch-mean, branch-mean-log and best-branch are the mean of the',
  "branches' own perplexities, of their logs, and the least of them. linear to boosted-trees are regressions on",
  'what was trained, each mixture judged by a fit without it; with -merged they are fitted on merges, which are',
  'free, and see nothing that was trained. Mixtures share partitions and are no independent draws: read the widest',
  'interval.'
]
const COUNT_OF_TABLES = [
  'count knows the number of partitions and nothing else. Tables have no documents to resample. Mixtures share',
  'partitions and are no independent draws: read the widest interval.'
]

/**
 * All that a study's proxies and sequential models say about one another.
 *
 * @param options `near`: partitions whose own headline the evidence holds; `limit`: mixtures shown
 *   of each size; `acrossSizes`: the ranking that needs its caution too
 */
export function describeEvidence(
  evidence: Evidence,
  options: { near: readonly string[]; limit?: number; acrossSizes?: boolean }
): string {
  const near =
    options.near.length === 0
      ? []
      : [
          `THE NEAR PARTITIONS by themselves: mixtures that differ only in ${options.near.join(' or ')}`,
          '',
          describeHeadline(evidence.near),
          ''
        ]
  const { tables } = evidence
  if (tables?.proxies.length === 0) {
    return `${describeTables(tables)}\n\nNothing can be held against the sequential models. Their values: assay export`
  }
  const proxy = tables?.proxies[0]?.proxy ?? 'merge-micro'
  const short = tables ? proxy : 'merge'
  return [
    ...(tables ? [describeTables(tables), ''] : []),
    'MIXTURES RANKED WITHIN EACH SIZE',
    tables
      ? `${short}: mean over domains of the loss that the tables give, nats per token (the proxy).`
      : 'merge: mean over domains of the loss of the averaged branches, nats per token (the proxy).',
    'trained: the same of the model trained on that mixture (the truth), where it was trained;',
    `${short} → true rank: among those that were also trained.`,
    '',
    describeRankings(evidence.rankings, options.limit ?? 5, short) ||
      (tables ? 'The tables rank no two mixtures of one size.' : 'No merge is measured yet.'),
    '',
    ...(options.acrossSizes
      ? [
          `ACROSS SIZES. ${evidence.acrossSizes.caution}`,
          ...(tables ? [] : [sizeOffsetWords(evidence.acrossSizes.offset)]),
          '',
          describeRankings([evidence.acrossSizes], options.limit ?? 5, short),
          ''
        ]
      : []),
    'HEADLINE: how the proxy ranks mixtures of one size (Spearman ρ, mean over all domains)',
    ...(tables ? COUNT_OF_TABLES : COUNT_OF_BRANCHES),
    '',
    describeHeadline(evidence.headline),
    ...describePicked(evidence.headline),
    '',
    ...near,
    'PROXIES COMPARED on the mean over all domains, among mixtures of one size. accuracy: pairs ordered as',
    'training orders them; ρ in it: among the quarter of each size that the proxy puts first; regret: what',
    'choosing by the proxy cost, in nats per token and as a share of what there was to lose; slope and offset:',
    'how the truth follows from the proxy. Intervals are the wider of that over mixtures and that with one',
    'partition left out. difference: accuracy less that of the micro merge.',
    '',
    describeComparison(evidence.comparison),
    '',
    ...describeNoise(evidence),
    ...describePredictions(evidence),
    ...describeAdditions(evidence, proxy),
    `AGREEMENT PER DOMAIN of ${tables ? proxy : 'the micro merge'} (r Pearson, ρ Spearman, τ Kendall)`,
    '',
    describeAgreement(evidence, proxy),
    '',
    ...(tables ? describeUntried(evidence) : describeDocuments(evidence)),
    describeDevices(evidence)
  ].join('\n')
}

/** Mixtures ranked within each size by the merge, with the truth where it was trained. */
function describeRankings(rankings: Evidence['rankings'], limit: number, proxy: string): string {
  return rankings
    .filter((ranking) => ranking.mixtures.length > 1)
    .map((ranking) => {
      const isLevelled = ranking.offset?.isEarned ?? false
      const levelled = (...cells: string[]) => (isLevelled ? cells : [])
      const rows = ranking.mixtures
        .slice(0, limit)
        .map((one) => [
          ...levelled(one.levelledRank === null ? '—' : String(one.levelledRank)),
          String(one.rank),
          one.mixture,
          ...levelled(formatNumber(one.levelledValue, 4)),
          formatNumber(one.proxyValue, 4),
          formatNumber(one.sequentialValue, 4),
          one.sequentialRank === null
            ? ''
            : `${one.rankAmongTrained} → ${one.sequentialRank} of ${ranking.trained}`
        ])
      const left = ranking.mixtures.length - rows.length
      return [
        `${ranking.size === null ? 'All sizes' : `Size ${ranking.size}`}: ${ranking.mixtures.length} mixtures, ${ranking.trained} also trained`,
        textTable(
          [
            ...levelled('levelled rank'),
            'rank',
            'mixture',
            ...levelled('levelled'),
            proxy,
            'trained',
            `${proxy} → true rank`
          ],
          rows
        ),
        ...(left > 0 ? [`… and ${left} more`] : [])
      ].join('\n')
    })
    .join('\n\n')
}

/** The headline of each proxy, beside what knowing the number of units alone gives. */
function describeHeadline(rows: readonly Headline[]): string {
  return textTable(
    [
      'truth budget',
      'proxy',
      'n',
      'ρ',
      '95 % over mixtures',
      'over documents',
      'one partition out',
      'pairs alike'
    ],
    rows.map((row) => [
      row.budget,
      row.proxy,
      String(row.n),
      formatNumber(row.spearman, 2),
      interval(row.mixtures),
      interval(row.documents),
      interval(row.drop),
      `${row.decisions.alike} of ${row.decisions.compared}`
    ])
  )
}

/** What the headline leaves out, where it leaves out anything. */
function describePicked([first]: readonly Headline[]): string[] {
  const picked = first?.picked ?? 0
  return picked === 0
    ? []
    : [
        `Left out: ${picked} trained ${picked === 1 ? 'mixture' : 'mixtures'} that somebody or a search picked, which may be just what a proxy flatters.`
      ]
}

/** Every proxy on the mean over all domains; the other domains are in comparison.csv. */
function describeComparison(rows: Evidence['comparison']): string {
  const shown = (one: Estimate | null, digits = 2): string => {
    if (one === null || one.value === null) return '—'
    return `${formatNumber(one.value, digits)} [${interval(widerInterval(one) ?? undefined, digits)}]`
  }
  return textTable(
    [
      'truth budget',
      'proxy',
      'n',
      'accuracy',
      'difference',
      'top quarter',
      'ρ in it',
      'regret',
      'of range',
      'slope',
      'offset'
    ],
    rows
      .filter(({ domain }) => domain === HEADLINE_DOMAIN)
      .map((row) => [
        row.budget,
        row.proxy,
        String(row.n),
        shown(row.accuracy),
        shown(row.difference && row.difference.accuracy),
        shown(row.topQuarter),
        shown(row.topSpearman),
        shown(row.regret, 3),
        formatNumber(row.regretShare.value, 2),
        formatNumber(row.slope.value, 2),
        formatNumber(row.offset.value, 2)
      ])
  )
}

/** What was said in advance is the only prediction there is. */
function describePredictions({ predicted }: Evidence): string[] {
  const scored = predicted.filter(({ trained }) => trained > 0)
  if (scored.length === 0) return []
  return [
    'PREDICTED BEFORE TRAINING, on the mean over all domains in nats per token: written down before the sequential',
    'models were trained, and scored after.',
    '',
    textTable(
      ['truth budget', 'proxy', 'trained since', 'mean error', 'mean size of it', 'pairs alike'],
      scored.map((row) => [
        row.budget,
        row.proxy,
        `${row.trained} of ${row.predicted}`,
        formatNumber(row.meanError, 4),
        formatNumber(row.meanAbsoluteError, 4),
        formatNumber(row.accuracy, 2)
      ])
    ),
    ''
  ]
}

/** Medians over pairs of mixtures with a partition and without it. */
function describeAdditions({ effects }: Evidence, proxy: string): string[] {
  const rows = effects.filter(
    ({ domain, of }) => domain === HEADLINE_DOMAIN && (of === proxy || of === 'sequential')
  )
  if (rows.length === 0) return []
  return [
    'WHAT ADDING EACH PARTITION DOES to the mean loss over all domains, in nats per token, over pairs of mixtures with it',
    `and without it; below 0 it helps. With a budget: pairs that are both trained.`,
    EFFECTS_CAUTION,
    '',
    textTable(
      ['added', 'by', 'truth budget', 'pairs', 'median', 'quartiles', 'from … to', 'helps'],
      rows.map((row) => [
        row.added,
        row.of,
        row.budget ?? '—',
        String(row.pairs),
        formatNumber(row.median, 3),
        interval({ low: row.lowerQuartile, high: row.upperQuartile }, 3),
        interval({ low: row.least, high: row.most }, 3),
        `${Math.round(100 * row.helps)} %`
      ])
    ),
    ''
  ]
}

/** What was trained again says how much of the disagreement is noise. */
function describeNoise({ noise, tables }: Evidence): string[] {
  const title = 'NOISE between random seeds'
  const rows = [...new Set(noise.map(({ budget }) => budget))].flatMap((budget) =>
    noiseRows(noise, HEADLINE_DOMAIN, budget)
  )
  const [first] = rows
  if (!first) {
    const why = tables
      ? 'no model stands in the tables under two random seeds'
      : 'no model was trained again (repeats.randomSeeds of the study)'
    return [`${title}: not known, ${why}.`, '']
  }
  return [
    `${title}, on the mean over all domains. A sequential model trained again moves by a standard deviation of`,
    `${formatNumber(first.truth.deviation, 4)} nats per token (95 %: ${interval(first.truth.interval ?? undefined, 4)}; ${first.truth.repeated} mixtures), while those of one size`,
    `differ by ${formatNumber(first.spread, 4)}. ties: pairs closer than noise. ceiling: ρ of a proxy that is right about every`,
    'mixture; as noisy: of one with the noise of this proxy; other seeds: ρ with branches of other random seeds.',
    '',
    textTable(
      [
        'truth budget',
        'proxy',
        'its noise',
        'pairs',
        'ties',
        'others alike',
        'ceiling',
        'as noisy',
        'other seeds'
      ],
      rows.map((row) => [
        row.budget,
        row.proxy,
        formatNumber(row.ofProxy?.deviation ?? null, 4),
        String(row.beyondNoise.pairs),
        String(row.beyondNoise.ties),
        formatNumber(row.beyondNoise.accuracy, 2),
        formatNumber(row.ceiling.perfect.spearman, 2),
        formatNumber(row.ceiling.sameNoise?.spearman ?? null, 2),
        row.otherSeeds.map(({ spearman }) => formatNumber(spearman, 2)).join(', ') || '—'
      ])
    ),
    ''
  ]
}

/** Agreement of the merge with the truth per domain, for a few strata. */
function describeAgreement(
  evidence: Evidence,
  proxy: string,
  strata: readonly string[] = ['all', 'within-size', 'within']
): string {
  const rows = evidence.agreement.filter(
    (row) =>
      row.proxy === proxy &&
      strata.includes(row.stratum) &&
      (row.domainKind !== 'mean' || row.domain.endsWith('-log'))
  )
  return textTable(
    ['budget', 'domain', 'kind', 'stratum', 'n', 'r', '95 %', 'ρ', '95 %', 'τ'],
    rows.map((row) => [
      row.budget,
      row.domain,
      row.domainKind,
      row.stratum,
      String(row.n),
      formatNumber(row.pearson.value, 2),
      interval(row.pearson.interval),
      formatNumber(row.spearman.value, 2),
      interval(row.spearman.interval),
      formatNumber(row.kendall.value, 2)
    ])
  )
}

/** Which held-out text stands in training text too, and on which of it all this is measured. */
function describeDocuments(evidence: Evidence): string[] {
  const { overlaps, documents } = evidence
  const which = {
    all: 'Measured on all held-out documents; --documents clean leaves the overlapping ones out.',
    clean: 'Measured on the clean documents alone.',
    choose: 'Measured on the choose half of the documents alone.',
    confirm: 'Measured on the confirm half of the documents alone.'
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const rows = overlaps.map((one) => [
    one.domain,
    one.kind,
    String(one.documents),
    `${one.overlapping} (${percent(one.overlapping / one.documents)})`,
    one.most ? `${percent(one.most.share)} in ${one.most.partition}` : '—',
    String(one.duplicatesRemoved)
  ])
  return [
    'HELD-OUT TEXT that stands in training text too (13-grams of words)',
    which[documents],
    '',
    textTable(
      ['domain', 'kind', 'documents', 'overlapping', 'most 13-grams', 'duplicates removed'],
      rows
    ),
    '',
    ...describeUntried(evidence)
  ]
}

/** Partitions of which nothing but the proxy is known. */
function describeUntried({ untried, tables }: Evidence): string[] {
  if (untried.length === 0) return []
  const names = untried.join(', ')
  return [
    tables
      ? `No trained mixture holds ${names}: how far proxies with it may be believed is not known.`
      : `No trained mixture holds ${names}: how far merges with it may be believed is not measured. Where runs are left, run the study on; else choose more mixtures to train (sequential.choose).`,
    ''
  ]
}

/** What trained the runs, with a word of caution where nobody has verified it. */
function describeDevices({ devices }: Evidence): string {
  const trust = {
    passed: 'passed the conformance suite here',
    failed: 'FAILED the conformance suite here: do not believe these numbers',
    none: 'device not verified; assay doctor --verify runs the conformance suite on it'
  }
  return devices
    .map(
      ({ backend, device, verification }) =>
        `Trained on ${device} (${backend}): ${trust[verification]}.`
    )
    .join('\n')
}
