/** What the panels of the Evidence screen draw of matrix and belief. Pure. */
import type { Agreement, Belief, Matrix } from '#shared/evidenceView'
import { csvTable } from '#shared/csvText'
import { partitionOf } from './matrixColumns'
import { isLogMean } from './matrixView'

/** One mixture on one domain: what a proxy said and what training gave. */
export interface Dot {
  mixture: string
  size: number
  proxy: number
  sequential: number
  /** False where the statistics shown are over others: it is drawn faintly. */
  isCounted: boolean
}

/** One proxy in a panel. */
export interface Layer {
  proxy: string
  dots: Dot[]
  /** Null while it is computed; undefined where there is none. */
  agreement: Agreement | null | undefined
}

/** One domain, or a mean over domains. */
export interface Panel {
  domain: Matrix['domains'][number]
  unit: 'perplexity' | 'nats/token'
  layers: Layer[]
}

export interface PanelChoice {
  /** In the order they are overlaid; the first is read in words. */
  proxies: readonly string[]
  budget: string
  stratum: string
}

/** Strata in the order they are offered: the headline's first, those by size last. */
const FIRST_STRATA = ['within-size', 'within', 'all', 'with', 'without']

/** Strata that the belief has, the headline's first. */
export function strataOf(belief: Belief | null): string[] {
  const found = [...new Set(belief?.agreement.map((one) => one.stratum) ?? [])]
  const place = (name: string) => {
    const first = FIRST_STRATA.indexOf(name)
    return first >= 0 ? first : 100 + Number(name.replace('size=', ''))
  }
  return found.sort((a, b) => place(a) - place(b))
}

/** A stratum in words. */
export function stratumWords(stratum: string): string {
  const words: Record<string, string> = {
    'within-size': 'within each size (headline)',
    within: 'same size, same presence of the domain',
    all: 'all mixtures, sizes mixed',
    with: 'mixtures with the domain’s partition',
    without: 'mixtures without it'
  }
  return words[stratum] ?? stratum.replace('=', ' ')
}

/** Panels with at least one pair, in the order of the matrix: domains, then means. */
export function evidencePanels(
  matrix: Matrix,
  belief: Belief | null,
  { proxies, budget, stratum }: PanelChoice
): Panel[] {
  const truth = matrix.sequential.find((one) => one.budget === budget)
  if (!truth) return []
  const agreements = new Map(
    (belief?.agreement ?? [])
      .filter((one) => one.budget === budget && one.stratum === stratum)
      .map((one) => [`${one.domain}\n${one.proxy}`, one])
  )
  return matrix.domains
    .map((domain, d): Panel => {
      const layers = proxies.flatMap((proxy): Layer[] => {
        const valueAt = valuesOf(matrix, belief, proxy, budget)
        if (!valueAt) return []
        const dots = matrix.rows.flatMap((row, i): Dot[] => {
          const [own, sequential] = [valueAt(i, d), truth.values[i]?.[d] ?? null]
          if (own === null || sequential === null || truth.areMerges[i]) return []
          const { mixture, size } = row
          const isCounted = isInStratum(matrix, i, domain.partition, stratum)
          return [{ mixture, size, proxy: own, sequential, isCounted }]
        })
        const agreement = belief === null ? null : agreements.get(`${domain.name}\n${proxy}`)
        return [{ proxy, dots, agreement }]
      })
      const unit = isLogMean(domain.name) ? 'nats/token' : 'perplexity'
      return { domain, unit, layers }
    })
    .filter(({ layers }) => layers.some(({ dots }) => dots.length > 0))
}

/** Proxies that panels can draw: those of the matrix, and regressions once they are fitted. */
export function drawnProxies(matrix: Matrix | null, belief: Belief | null, budget: string) {
  const fitted = (belief?.fitted ?? []).filter((one) => one.budget === budget)
  return {
    measured: matrix?.proxies.map(({ name }) => name) ?? [],
    fitted: fitted.map(({ proxy }) => proxy)
  }
}

/** Values of one proxy by place of mixture and domain; null where there is no such proxy. */
function valuesOf(
  { proxies, rows }: Matrix,
  belief: Belief | null,
  proxy: string,
  budget: string
): ((mixture: number, domain: number) => number | null) | null {
  const own = proxies.find(({ name }) => name === proxy)?.values
  if (own) return (mixture, domain) => own[mixture]?.[domain] ?? null
  const fitted = belief?.fitted.find((one) => one.proxy === proxy && one.budget === budget)
  if (!fitted) return null
  const places = new Map(fitted.mixtures.map((name, place) => [name, place]))
  return (mixture, domain) => {
    const place = places.get(rows[mixture]!.mixture)
    return place === undefined ? null : (fitted.values[place]?.[domain] ?? null)
  }
}

/** Whether a mixture is among those that a stratum is made from. */
function isInStratum(
  { rows, members }: Matrix,
  place: number,
  partition: string | null,
  stratum: string
): boolean {
  const { size, shares } = rows[place]!
  if (stratum.startsWith('size=')) return size === Number(stratum.slice(5))
  if (stratum !== 'with' && stratum !== 'without') return true
  const isHeld =
    partition !== null &&
    members.some((name, m) => shares[m]! > 0 && partitionOf(name) === partition)
  return isHeld === (stratum === 'with')
}

/** The pairs that a panel draws, in the columns of `pairs.csv`. */
export function panelCsv({ domain, layers }: Panel, budget: string): string {
  return csvTable(
    [
      'mixture',
      'size',
      'budget',
      'domain',
      'domain_kind',
      'proxy',
      'proxy_perplexity',
      'sequential_perplexity',
      'documents',
      'evidence'
    ],
    layers.flatMap(({ proxy, dots }) =>
      dots.map((dot) => [
        dot.mixture,
        dot.size,
        budget,
        domain.name,
        domain.kind,
        proxy,
        dot.proxy,
        dot.sequential,
        'all',
        'yes'
      ])
    )
  )
}

/** Panels by the first proxy's ρ, highest first, those without one last. */
export function byAgreement(panels: readonly Panel[]): Panel[] {
  const rho = ({ layers }: Panel) => layers[0]?.agreement?.spearman.value ?? -Infinity
  return [...panels].sort((a, b) => rho(b) - rho(a))
}

/** What the strip of intervals draws, as a table. */
export function stripCsv(panels: readonly Panel[]): string {
  return csvTable(
    ['domain', 'domain_kind', 'stratum', 'proxy', 'n', 'spearman', 'spearman_low', 'spearman_high'],
    panels.flatMap(({ domain, layers }) =>
      layers.flatMap(({ proxy, agreement }) => {
        if (!agreement) return []
        const { value, interval } = agreement.spearman
        return [
          [
            domain.name,
            domain.kind,
            agreement.stratum,
            proxy,
            agreement.n,
            value,
            interval?.low ?? null,
            interval?.high ?? null
          ]
        ]
      })
    )
  )
}
