/** Made-up records of a given size, as an engine answers them: what they say means nothing. */

/**
 * The same numbers in every run.
 *
 * @returns {() => number} draws from 0 to 1
 */
function drawsFrom(seed = 7) {
  let now = seed >>> 0
  return () => {
    now = (Math.imul(now, 1664525) + 1013904223) >>> 0
    return now / 2 ** 32
  }
}

const BUDGET = 'sum'
const PROXIES = ['merge-micro', 'merge-macro', 'branch-mean']

/**
 * @param {number} count
 * @param {string} stem
 */
const names = (count, stem) =>
  Array.from({ length: count }, (_, i) => `${stem}${String(i + 1).padStart(2, '0')}`)

/**
 * Distinct mixtures of one to eight partitions, by size.
 *
 * @param {string[]} members
 * @param {number} count
 * @param {() => number} draw
 */
function mixturesOf(members, count, draw) {
  /** @type {Map<string, number[]>} */
  const found = new Map()
  while (found.size < count) {
    const size = 1 + Math.floor(draw() * 8)
    /** @type {Set<number>} */
    const own = new Set()
    while (own.size < size) own.add(Math.floor(draw() * members.length))
    const places = [...own].sort((a, b) => a - b)
    found.set(places.map((m) => members[m]).join('+'), places)
  }
  return [...found]
    .map(([mixture, places]) => ({
      mixture,
      size: places.length,
      shares: members.map((_, m) => (places.includes(m) ? 1 / places.length : 0)),
      isMerge: places.length === 1
    }))
    .sort((a, b) => a.size - b.size)
}

/**
 * A study's matrix.
 *
 * @param {{ mixtures: number, domains: number, members?: number, trained?: number }} size
 *   `trained`: so many mixtures have a sequential model, spread evenly; all unless given
 */
export function matrixOf({ mixtures, domains, members: many = 24, trained = mixtures }) {
  const draw = drawsFrom()
  const members = names(many, 'part')
  const rows = mixturesOf(members, mixtures, draw)
  const wanted = names(domains, 'domain')
  const every = Math.max(1, Math.floor(mixtures / trained))
  const inside = Math.min(many, Math.ceil(domains * 0.8))
  const worth = rows.map(({ size }) => wanted.map((_, d) => 40 + 3 * d - 2 * size + 20 * draw()))
  return {
    members,
    domains: wanted.map((name, d) => ({
      name,
      kind: d < inside ? 'in' : 'out',
      partition: d < inside ? members[d] : null
    })),
    seed: wanted.map((_, d) => 45 + 3 * d),
    rows,
    proxies: PROXIES.map((name, p) => ({
      name,
      values: worth.map((own) => own.map((value) => value * (1 + 0.02 * p) + 4 * draw()))
    })),
    sequential: [
      {
        budget: BUDGET,
        values: worth.map((own, i) =>
          own.map((value) => (i % every === 0 ? 0.9 * value + 6 * draw() : null))
        ),
        areMerges: rows.map(({ isMerge }) => isMerge)
      }
    ]
  }
}

/**
 * A matrix as the contract tells it: numbers as float64, little-endian, in base64.
 *
 * @param {ReturnType<typeof matrixOf>} matrix
 */
export function packed({ rows, proxies, sequential, ...rest }) {
  /** @param {(number | null)[]} values */
  const block = (values) =>
    Buffer.from(Float64Array.from(values, (value) => value ?? NaN).buffer).toString('base64')
  /** @template {{ values: (number | null)[][] }} Table @param {Table} table */
  const withBlock = (table) => ({
    ...table,
    values: block(table.values.flatMap((row, place) => [place, ...row]))
  })
  return {
    ...rest,
    rows: rows.map(({ shares: _shares, ...row }) => row),
    shares: block(
      rows.flatMap(({ shares }, place) =>
        shares.flatMap((share, member) => (share === 0 ? [] : [place, member, share]))
      )
    ),
    proxies: proxies.map(withBlock),
    sequential: sequential.map(withBlock)
  }
}

/**
 * What evidence says of a matrix: one line per size with its band in every panel.
 *
 * @param {ReturnType<typeof matrixOf>} matrix
 */
export function beliefOf({ rows, domains, proxies, sequential }) {
  const estimate = { value: 0.9, interval: { low: 0.85, high: 0.95 }, drop: null }
  const statistic = { ...estimate, p: 0.001, holm: 0.01 }
  const sizes = [...new Set(rows.map(({ size }) => size))]
  const truth = sequential[0]?.values ?? []
  const agreement = domains.flatMap((domain, d) =>
    proxies.map(({ name, values }) => {
      const lines = sizes.map((size) => {
        const own = rows.flatMap((row, i) => (row.size === size ? [i] : []))
        const xs = own.map((i) => values[i]?.[d] ?? 0)
        const mean = (/** @type {number[]} */ of) => of.reduce((sum, x) => sum + x, 0) / of.length
        const meanY = mean(own.map((i) => truth[i]?.[d] ?? 0))
        const between = { from: Math.min(...xs), to: Math.max(...xs) }
        return { n: own.length, meanX: mean(xs), meanY, ...between }
      })
      const plain = { slope: 0.9, reach: 4, squares: 500, lines }
      return {
        domain: domain.name,
        domainKind: domain.kind,
        budget: BUDGET,
        stratum: 'within-size',
        proxy: name,
        n: rows.length,
        relabellings: 9999,
        smallestP: 0.0001,
        pearson: statistic,
        spearman: statistic,
        kendall: statistic,
        fit: { plain, log: null }
      }
    })
  )
  const comparison = domains.flatMap((domain) =>
    proxies.map(({ name }, place) => ({
      domain: domain.name,
      domainKind: domain.kind,
      budget: BUDGET,
      proxy: name,
      n: rows.length,
      spearman: estimate,
      accuracy: estimate,
      topQuarter: estimate,
      topSpearman: estimate,
      regret: estimate,
      regretShare: estimate,
      slope: estimate,
      offset: estimate,
      difference: place === 0 ? null : { accuracy: estimate, spearman: estimate }
    }))
  )
  return {
    headline: [],
    agreement,
    comparison,
    noise: [],
    predicted: [],
    rankings: [],
    fitted: [],
    untried: []
  }
}

/** Tokens of a step. */
const STEP_TOKENS = 2048
const STEPS = 100_000

/**
 * Branches that all train, spread over partitions.
 *
 * @param {number} count
 */
export function trainingRuns(count) {
  return Array.from({ length: count }, (_, i) => {
    const partition = `part${String((i % 10) + 1).padStart(2, '0')}`
    const head = {
      fingerprint: `run-${i}`,
      role: 'branch',
      name: `${partition}#${Math.floor(i / 10) + 1}`,
      mixture: null,
      budget: null,
      baseUnits: 1,
      tokens: STEPS * STEP_TOKENS,
      steps: STEPS,
      state: 'running',
      finalLoss: null,
      elapsedMs: 0,
      tokensPerSecond: 0,
      backend: null,
      device: null,
      threads: null,
      host: null,
      error: null
    }
    const { fingerprint, role, name, tokens } = head
    const idle = { isDone: false, isQueued: false, isRepeat: false, isHeld: false }
    const state = { ...idle, isTraining: true, trained: 0 }
    return { fingerprint, role, name, tokens, partitions: [partition], ...state, head }
  })
}

/**
 * A loss curve after one step and up to another; a whole one is thinned as an engine thins it.
 *
 * @param {string} run
 * @param {number | null} after
 * @param {number} until last step
 * @param {number} points at most
 */
export function curveOf(run, after, until, points) {
  const place = Number(run.split('-')[1])
  const first = (after ?? 0) + 1
  const apart = after === null ? Math.max(1, Math.ceil(until / points)) : 1
  /** @type {number[]} */
  const steps = []
  for (let step = first; step <= until; step += apart) steps.push(step)
  return {
    run,
    isWhole: after === null,
    steps,
    tokens: steps.map((step) => step * STEP_TOKENS),
    losses: steps.map(
      (step) => 3 + 5 * Math.exp(-step / (300 + place)) + 0.2 * Math.abs(Math.sin(step * place))
    ),
    heldOut: []
  }
}

/**
 * How far a run is, as an engine tells it.
 *
 * @param {string} run
 * @param {number} step
 */
export function progressOf(run, step) {
  const progress = {
    activity: 'train',
    label: run,
    done: step * STEP_TOKENS,
    total: STEPS * STEP_TOKENS,
    unit: 'tokens',
    rate: 8192,
    secondsLeft: (STEPS - step) / 4
  }
  return { kind: 'progress', key: run, progress }
}
