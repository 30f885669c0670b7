/** Where each verdict turns, fixed before any study was diagnosed; docs/diagnosis.md repeats them. */
import type { Claim } from '#shared/diagnosis'

/**
 * Nats per token that matter: 0.02 is 2 % of perplexity. Frankle et al. (2020, arXiv 1912.05671)
 * take 2 % more error between two models for the edge of being linearly connected; studies of small
 * models tell mixtures of one size apart by some hundredths of a nat.
 */
const NOTICEABLE_NATS = 0.02

/** What each claim's measure is held against. */
export const THRESHOLDS = {
  /**
   * Half width of the 95 % interval of Spearman's ρ. Wider, and a proxy of ρ = 0.8 cannot be told
   * from one of 0.6, which chooses clearly worse mixtures.
   */
  'few-mixtures': 0.2,
  /**
   * Share of the truth's variance within sizes that additive terms leave. A quarter bounds the
   * correlation that any additive proxy can reach at √0.75 ≈ 0.87.
   */
  interaction: 0.25,
  /**
   * Share of the variance of truth less proxy that the number of branches explains. At a half the
   * step between numbers is as large as what mixtures of one number differ by.
   */
  offset: 0.5,
  /**
   * Fall of the training loss per tenth of the run, nats per token: above it a tenth more training
   * would change the branch by what tells mixtures apart.
   */
  'not-converged': NOTICEABLE_NATS,
  /** Nats per token that a partition's branches gain on its own domain: below it they learnt next to nothing. */
  'small-partitions': NOTICEABLE_NATS,
  /** Share of pairs that micro and macro merge order differently: at a tenth, weighting decides one choice in ten. */
  'unequal-sizes': 0.1,
  /**
   * Mean distance between two branches over the length of the seed's weights. At a half the way
   * between them is no small step from the seed, as averaging assumes. A convention: the barrier
   * says whether it does harm.
   */
  'far-apart': 0.5,
  /** Loss of the middle of two branches above the mean of both, nats per token. */
  barrier: NOTICEABLE_NATS
} as const satisfies Record<Claim, number>

/** Base units of the largest partition over those of the smallest: below it, sizes count as equal. */
export const UNEQUAL_RATIO = 2

/**
 * Mixtures, each beyond the first of its size, below which no interval is believed: with ten, chance
 * alone gives |ρ| up to 0.65 in 95 of 100 studies, and a ρ of 1 has an interval of no width.
 */
export const FEWEST_TELLING = 10

/** Degrees of freedom that a fit must leave for its residual to be read, as many as pairs for a ρ. */
export const FEWEST_LEFT = 4

/** Chance of a false yes, where a verdict rests on a test: the usual one in twenty. */
export const FALSE_ALARM = 0.05

/** Last part of a training curve that its slope is read from: long enough to beat the noise of steps. */
export const CURVE_END = 0.2

/** Fewest points of that part: a slope of fewer has an error that nobody can estimate. */
export const FEWEST_POINTS = 10

/** What each claim says of the study if its verdict is yes. */
export const STATEMENTS = {
  'few-mixtures': 'Too few mixtures were trained to tell how good the proxy is',
  interaction: 'Partitions interact: what one is worth depends on what it is mixed with',
  offset: 'Merges of different numbers of branches are off by different amounts',
  'not-converged': 'Branches were still learning when their training ended',
  'small-partitions':
    'A partition is too small, or too like the seed, for its branches to learn it',
  'unequal-sizes': 'Partitions are of unequal size, and it matters how they are weighted',
  'far-apart': 'Branches are far apart in weights',
  barrier: 'Between branches the loss is higher than at them'
} as const satisfies Record<Claim, string>
