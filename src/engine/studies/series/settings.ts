/** What each kind of series changes in a study, and which settings it takes. Pure. */
import { shuffledName } from '#engine/data/shuffledPartitions'
import { WorkbenchError } from '#shared/errors'
import type { Recipe, Study, StudyDraft } from '#shared/records'
import type { SeriesKind, SeriesOrigin, SeriesRequest } from '#shared/series'
import { enumerateMixtures, mixtureName } from '../mixtures'
import { byCodeUnit, firstByHash } from '../subsets'
import type { PlannedText } from '../plan'

/** Partitions that have base units, in the order of rolling windows. */
export interface SeriesText {
  partitions: { name: string; units: PlannedText['partitions'][number]['baseUnits'] }[]
}

/** One study of a series: what differs from the study that is varied. */
export interface SeriesSetting {
  value: SeriesOrigin['value']
  change: Partial<StudyDraft>
}

type Value = SeriesRequest['values'][number]
type Kind = (base: Study, values: readonly Value[], text: SeriesText) => SeriesSetting[]

/** Mixtures of one number of partitions at most: more are drawn from. */
const MOST_MIXTURES = 200
/** Warm-up of branches that carry no moments, where the study has none. */
const FRESH_WARMUP = 20

const STARTS = ['weights-and-moments', 'weights', 'none'] as const
const PARTITIONS = ['natural', 'random'] as const

/** By kind: from the values asked for, or none, to its settings. */
export const SETTINGS: Record<SeriesKind, Kind> = {
  'unit-size': (base, values) => {
    const most = Math.floor(base.unit.sequences / base.branch.batchSize)
    if (base.mixtures.over === 'units') {
      throw invalid(
        'its parts are merged by partition, and the mixtures of this study are over units'
      )
    }
    return numbers(
      values,
      [1, 2, 4, 8].filter((parts) => parts <= most)
    ).map((parts) => {
      whole(parts, 'parts of a base unit', 1, most, 'each part must fill a batch')
      return { value: parts, change: { unit: { ...base.unit, parts } } }
    })
  },

  'branch-rate': (base, values) => {
    const own = base.branch.peakLearningRate
    const around = [0.25, 0.5, 1, 2, 4].map((times) => Number((own * times).toPrecision(6)))
    return numbers(values, around).map((peakLearningRate) => {
      if (!(peakLearningRate > 0 && peakLearningRate <= 1)) {
        throw invalid(`a learning rate is above 0 and at most 1, found ${peakLearningRate}`)
      }
      return { value: peakLearningRate, change: ofBranches(base, { peakLearningRate }) }
    })
  },

  replay: (base, values) => {
    if (base.seed.source !== 'text') {
      throw invalid('replay reads seed text, and this study has none (seed.source)')
    }
    const { batchSize } = base.branch
    const rows = (share: number) => (share === 0 ? 0 : Math.max(1, Math.round(share * batchSize)))
    return numbers(
      values,
      [0, 0.25, 0.5].filter((share) => rows(share) < batchSize)
    ).map((replay) => {
      if (!(replay >= 0 && replay < 1) || rows(replay) >= batchSize) {
        throw invalid(
          `a share of seed text is from 0 to below 1 and leaves room for other text in a batch of ${batchSize}, found ${replay}`
        )
      }
      return { value: replay, change: ofBranches(base, { replay }) }
    })
  },

  'leave-one-out': (base, values, text) => {
    const all = text.partitions.map(({ name }) => name)
    atLeast(2, all)
    const out = names(values, all)
    const left = (out.length > 0 ? out : all).map((name) => all.filter((one) => one !== name))
    return [{ value: null, change: listed(base, [all, ...left]) }]
  },

  'swap-one': (base, values, text) => {
    const all = text.partitions.map(({ name }) => name)
    const kept = names(values, all)
    const others = all.filter((name) => !kept.includes(name))
    if (kept.length === 0) {
      throw invalid(`say which partitions are kept while the others take turns: ${all.join(', ')}`)
    }
    if (others.length === 0) {
      throw invalid('every partition is kept: none is left to take turns')
    }
    return [
      {
        value: [...kept].sort(byCodeUnit).join(', '),
        change: listed(base, [kept, ...others.map((name) => [...kept, name])])
      }
    ]
  },

  'seed-length': (base, values) => {
    const { seed } = base
    if (seed.source !== 'text') {
      throw invalid('the seed of this study is not trained on text (seed.source)')
    }
    const least = base.model.contextLength * seed.recipe.batchSize
    const own = [0.25, 0.5, 1].map((times) => Math.round(seed.tokenBudget * times))
    return numbers(
      values,
      own.filter((tokens) => tokens >= least)
    ).map((tokenBudget) => {
      whole(tokenBudget, 'tokens of the seed', least, Infinity, 'one batch at least')
      return { value: tokenBudget, change: { seed: { ...seed, tokenBudget } } }
    })
  },

  'no-seed': (base, values) => {
    if (base.seed.source === 'none') throw invalid('this study has no seed (seed.source)')
    const own = base.branch.start === 'none' ? 'weights' : base.branch.start
    return oneOf(values, STARTS, [own, 'none']).map((start) => {
      const { warmupSteps } = base.branch
      const isFresh = start !== 'weights-and-moments' && warmupSteps === 0
      const branch = { start, warmupSteps: isFresh ? FRESH_WARMUP : warmupSteps }
      return { value: start, change: ofBranches(base, branch) }
    })
  },

  'partitions-number': (base, values, text) => {
    const { partitions } = text
    atLeast(2, partitions)
    const doubling = [2, 4, 8, 16, 32, 64, 128].filter((count) => count < partitions.length)
    return numbers(values, [...doubling, partitions.length]).map((count) => {
      whole(count, 'partitions', 2, partitions.length, `there are ${partitions.length}`)
      // By hash: those of a smaller number are in every larger one.
      const own = firstByHash([...partitions], count, base.randomSeed)
      const choose = { kind: 'random' as const, count: MOST_MIXTURES, minimumSize: 2 }
      const units = own.flatMap(({ units }) => units)
      const drawn = enumerateMixtures(
        { over: 'partitions', choose, added: [] },
        units,
        base.randomSeed
      )
      const lists = drawn.map(({ members }) => members.map(({ name }) => name))
      return { value: count, change: { ...listed(base, lists), sequential: asMany(base) } }
    })
  },

  'rolling-windows': (base, values, text) => {
    const order = text.partitions.map(({ name }) => name)
    atLeast(2, order)
    const usual = [1, 3].filter((width) => width < order.length)
    return numbers(values, usual).map((width) => {
      whole(width, 'partitions of a window', 1, order.length, `there are ${order.length}`)
      return { value: width, change: listed(base, windowsOf(order, width)) }
    })
  },

  uneven: (base, values, text) => {
    const most = Math.max(...text.partitions.map(({ units }) => units.length / base.unit.parts))
    const doubling = [1, 2, 4, 8, 16, 32].filter((count) => count < most)
    return numbers(values, [...doubling, most]).map((maximum) => {
      whole(maximum, 'base units of a partition', 1, most, `the largest partition has ${most}`)
      return {
        value: maximum,
        change: { unit: { ...base.unit, maximum }, merges: ['micro', 'macro'] }
      }
    })
  },

  'random-partitions': (base, values, text) => {
    if (base.shuffledPartitions === true) {
      throw invalid('the partitions of this study are random already (shuffledPartitions)')
    }
    atLeast(2, text.partitions)
    return oneOf(values, PARTITIONS, PARTITIONS).map((value) => ({
      value,
      change: value === 'natural' ? {} : shuffled(base, text)
    }))
  }
}

/** Runs of so many neighbours, in order. */
export function windowsOf(order: readonly string[], width: number): string[][] {
  return Array.from({ length: Math.max(0, order.length - width + 1) }, (_, from) =>
    order.slice(from, from + width)
  )
}

/** Mixtures that the study at hand trains by name: a series of other mixtures does not hold them. */
export const NONE_NAMED = { added: [] as string[], top: [] as string[], design: [] as string[] }

/** Mixtures of a list that a series compares, sequential models of all of them. */
function listed(base: Study, mixtures: readonly string[][]): Partial<StudyDraft> {
  const distinct = new Map(mixtures.map((members) => [nameOf(members), members]))
  const list = [...distinct.values()].map((members) =>
    Object.fromEntries(members.map((name) => [name, 1]))
  )
  return {
    mixtures: { over: 'partitions', choose: { kind: 'list', list } },
    sequential: { ...base.sequential, choose: { kind: 'all' }, ...NONE_NAMED }
  }
}

/** The name of an unweighted mixture. */
export function nameOf(members: readonly string[]): string {
  return mixtureName(members.map((name) => ({ name, weight: null })))
}

/** The same mixtures of random partitions, each in the place of the natural one of its size. */
function shuffled(base: Study, { partitions }: SeriesText): Partial<StudyDraft> {
  const natural = partitions.map(({ name }) => name).sort()
  const rename = (member: string) => {
    // A partition, or one of its units: `law`, `law#2`.
    const [partition, unit] = member.split('#')
    const place = natural.indexOf(partition!)
    const name = place < 0 ? partition! : shuffledName(place)
    return unit === undefined ? name : `${name}#${unit}`
  }
  const renamed = (list: readonly Record<string, number>[]) =>
    list.map((one) =>
      Object.fromEntries(Object.entries(one).map(([name, weight]) => [rename(name), weight]))
    )
  const { choose, added, ...rest } = base.mixtures
  return {
    shuffledPartitions: true,
    mixtures: {
      ...rest,
      choose: choose.kind === 'list' ? { ...choose, list: renamed(choose.list) } : choose,
      added: renamed(added)
    },
    sequential: asMany(base)
  }
}

/** As many sequential models as the study has, of mixtures that may be others. */
function asMany({ sequential }: Study): StudyDraft['sequential'] {
  const { choose } = sequential
  const own = { ...sequential, ...NONE_NAMED }
  if (choose.kind !== 'list') return own
  return { ...own, choose: { kind: 'random', count: choose.mixtures.length } }
}

/** Branches change, and what they are held against does not: sequential models keep their recipe. */
function ofBranches(base: Study, change: Partial<Recipe>): Partial<StudyDraft> {
  return {
    branch: { ...base.branch, ...change },
    sequential: { ...base.sequential, recipe: base.sequential.recipe ?? base.branch }
  }
}

function invalid(why: string): WorkbenchError {
  return new WorkbenchError('usage/invalid', `The series cannot be made: ${why}.`, { why })
}

function atLeast(count: number, there: readonly unknown[]): void {
  if (there.length >= count) return
  throw invalid(`it wants ${count} partitions at least, and the study has ${there.length}`)
}

function numbers(values: readonly Value[], usual: readonly number[]): number[] {
  const wrong = values.find((value) => typeof value !== 'number')
  if (wrong !== undefined) throw invalid(`its settings are numbers, found "${wrong}"`)
  const own = values.length > 0 ? (values as readonly number[]) : usual
  if (own.length === 0) throw invalid('this study leaves no room for it')
  return [...new Set(own)].sort((a, b) => a - b)
}

function names(values: readonly Value[], known: readonly string[]): string[] {
  const own = [...new Set(values.map(String))]
  const strangers = own.filter((name) => !known.includes(name))
  if (strangers.length === 0) return own
  throw invalid(
    `it names ${strangers.join(', ')}, and the partitions of the study are ${known.join(', ')}`
  )
}

function oneOf<Name extends string>(
  values: readonly Value[],
  allowed: readonly Name[],
  usual: readonly Name[]
): Name[] {
  const wrong = values.find((value) => !(allowed as readonly Value[]).includes(value))
  if (wrong !== undefined) {
    throw invalid(`its settings are ${allowed.join(', ')}, found "${wrong}"`)
  }
  return [...new Set(values.length > 0 ? (values as readonly Name[]) : usual)]
}

function whole(value: number, what: string, least: number, most: number, why: string): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  const range = most === Infinity ? `${least} or more` : `from ${least} to ${most}`
  throw invalid(`${what}: a whole number ${range}, found ${value} (${why})`)
}
