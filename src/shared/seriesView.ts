/** What a series found and would cost, in the form that shells are told. */
import type { Estimate } from './evidenceView'
import type { DomainKind } from './records'
import type { SeriesKind, SeriesOrigin } from './series'

/** One setting and proxy. Losses in nats per token, means over all domains where none is named. */
export interface SeriesRow {
  study: string
  setting: SeriesOrigin['value']
  proxy: string
  /** Mixtures compared with another. */
  n: number
  /** Spearman's ρ within sizes, and pairs ordered as training orders them. */
  spearman: Estimate
  accuracy: Estimate
  /** Gain of branches over the seed on their own partition: mean over partitions. */
  branchGain: number | null
  /** Of the proxy, over all mixtures, and over those that were also trained. */
  proxyLoss: number | null
  proxyLossTrained: number | null
  sequentialLoss: number | null
  /** Predicted tokens of its finished runs, and of its branches alone. */
  tokens: number
  branchTokens: number
  /** Runs that are not trained yet. */
  runsLeft: number
  /** True where it is not what the study it was varied from would give now. */
  isAltered: boolean
}

/** What one partition does to one domain: loss with or without it, less that of the others. */
export interface SeriesEffect {
  study: string
  partition: string
  domain: string
  domainKind: DomainKind | 'mean'
  /** By the micro merge, and by sequential models where both are trained. */
  proxy: number | null
  truth: number | null
}

/** A window of partitions, on the held-out part of one of them or on another domain. */
export interface SeriesWindow {
  study: string
  width: number
  /** Place of its first partition in the order, from 1. */
  first: number
  from: string
  to: string
  domain: string
  /** How many partitions outside of the window the domain's is; null for other domains. */
  distance: number | null
  proxy: number | null
  truth: number | null
}

/** A series with all that is measured of it. */
export interface SeriesResult {
  kind: SeriesKind
  of: string
  rows: SeriesRow[]
  /** Of `leave-one-out` and `swap-one`. */
  effects: SeriesEffect[]
  /** Of `rolling-windows`. */
  windows: SeriesWindow[]
  /** Studies of which nothing is measured yet. */
  notRun: string[]
}

/** What one study of a series would cost from here, shared work left to earlier ones. */
export interface SeriesStudyCost {
  study: string
  setting: SeriesOrigin['value']
  mixtures: number
  /** Runs of the study; of them those not trained, and not of an earlier setting. */
  runs: number
  runsLeft: number
  tokensLeft: number
  /** Models not measured, and not of an earlier setting. */
  modelsLeft: number
  /** Of training and measuring, from a measured rate. */
  seconds: number
}

/** What a series would cost from here. */
export interface SeriesCost {
  studies: SeriesStudyCost[]
  runsLeft: number
  tokensLeft: number
  seconds: number
}
