/** Which mixtures a study asks about, what they are called, and which are trained sequentially. */
import { createHash } from 'node:crypto'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { deriveSeed, seededRandom } from '#engine/statistics/random'
import { WorkbenchError } from '#shared/errors'
import type { BaseUnit, Mixture, MixtureChoice, Study } from '#shared/records'
import { byCodeUnit, firstByHash, spreadOver, subsetCount, subsetsOf } from './subsets'

type Member = Mixture['members'][number]

/** Names longer than this are replaced by a hash of themselves. */
const LONGEST_NAME = 120

/** Mixtures one study may hold; more are a mistake (20 partitions have 1,048,575 subsets). */
const MOST_MIXTURES = 1 << 20

/** Sizes with at most this many subsets are listed before drawing from them. */
const MOST_LISTED = 100_000

/**
 * The name of a mixture: its members' names, sorted by code unit, joined by `+`; a weighted
 * member as `name*0.25`. Over 120 characters it is `m:` and 12 hex digits of its SHA-256.
 */
export function mixtureName(members: Member[]): string {
  return shortName(
    members
      .map(({ name, weight }) => (weight === null ? name : `${name}*${String(weight)}`))
      .sort(byCodeUnit)
      .join('+')
  )
}

/** A name, or what stands for one that is too long. */
export function shortName(long: string): string {
  if (long.length <= LONGEST_NAME) return long
  return `m:${createHash('sha256').update(long).digest('hex').slice(0, 12)}`
}

/** What mixtures are made of, with the base units each name stands for. */
type Pool = Map<string, BaseUnit[]>

function memberOf(over: MixtureChoice['over'], unit: BaseUnit): string {
  return over === 'units' ? unit.name : unit.partition
}

/** Names that a study's mixtures may be made of, sorted. */
export function memberNames(over: MixtureChoice['over'], units: BaseUnit[]): string[] {
  return [...new Set(units.map((unit) => memberOf(over, unit)))].sort(byCodeUnit)
}

function poolOf(over: MixtureChoice['over'], units: BaseUnit[]): Pool {
  const pool: Pool = new Map(memberNames(over, units).map((name) => [name, []]))
  for (const unit of units) pool.get(memberOf(over, unit))!.push(unit)
  return pool
}

/**
 * Weights of a mixture's base units.
 *
 * Unweighted: micro counts every base unit the same, macro every partition. Weighted: a member's
 * weight is spread equally over its units, and micro and macro are the same.
 *
 * @see Na et al. 2024: MICRO- and MACRO-merged
 */
function weighUnits(members: Member[], pool: Pool): Mixture['units'] {
  const units = members.flatMap(({ name, weight }) => {
    const own = pool.get(name)!
    return own.map((unit) => ({ unit, weight: weight === null ? null : weight / own.length }))
  })
  const weightSum = units.reduce((sum, { weight }) => sum + (weight ?? 0), 0)
  const perPartition = new Map<string, number>()
  for (const { unit } of units) {
    perPartition.set(unit.partition, (perPartition.get(unit.partition) ?? 0) + 1)
  }
  return units.map(({ unit, weight }) => {
    const given = weight === null ? null : weight / weightSum
    return {
      unit: unit.name,
      partition: unit.partition,
      microWeight: given ?? 1 / units.length,
      macroWeight: given ?? 1 / (perPartition.size * perPartition.get(unit.partition)!)
    }
  })
}

function mixtureOf(members: Member[], pool: Pool): Mixture {
  const sorted = [...members].sort((a, b) => byCodeUnit(a.name, b.name))
  return { name: mixtureName(sorted), members: sorted, units: weighUnits(sorted, pool) }
}

function checkSizes(sizes: number[], pool: Pool, over: MixtureChoice['over']): number[] {
  const wrong = sizes.find((size) => size > pool.size)
  if (wrong !== undefined || sizes.length === 0) {
    const asked = wrong === undefined ? 'no size at all' : `size ${String(wrong)}`
    throw new WorkbenchError(
      'study/invalid',
      `The study asks for mixtures of ${asked}; there are ${String(pool.size)} ${over} to choose from. Give sizes from 1 to ${String(pool.size)}.`,
      { over, available: pool.size, asked: wrong ?? null }
    )
  }
  return [...new Set(sizes)].sort((a, b) => a - b)
}

function sizesBetween(from: number, to: number | undefined, pool: Pool): number[] {
  const last = Math.min(to ?? pool.size, pool.size)
  return Array.from({ length: Math.max(0, last - from + 1) }, (_, i) => from + i)
}

function checkCount(count: number): void {
  if (count <= MOST_MIXTURES) return
  throw new WorkbenchError(
    'study/invalid',
    `The study asks for ${count < 1e9 ? String(count) : `about ${count.toPrecision(3)}`} mixtures; one study holds at most ${String(MOST_MIXTURES)}. Choose fewer sizes, or a number drawn at random.`,
    { asked: count, most: MOST_MIXTURES }
  )
}

function ofSizes(sizes: number[], pool: Pool): Mixture[] {
  checkCount(sizes.reduce((sum, size) => sum + subsetCount(pool.size, size), 0))
  const names = [...pool.keys()]
  return sizes.flatMap((size) => subsetsOf(names, size)).map((subset) => unweighted(subset, pool))
}

function unweightedMembers(names: string[]): Member[] {
  return names.map((name) => ({ name, weight: null }))
}

function unweighted(names: string[], pool: Pool): Mixture {
  return mixtureOf(unweightedMembers(names), pool)
}

/** Twelve significant digits: thirds stay readable, and what differs only by rounding is one. */
function roundWeight(weight: number): number {
  return Number(weight.toPrecision(12))
}

/** One mixture of a list: checks its names and weights, drops what weighs nothing. */
function fromWeights(
  weights: Record<string, number>,
  pool: Pool,
  over: MixtureChoice['over']
): Mixture {
  const shown = JSON.stringify(weights)
  for (const [name, weight] of Object.entries(weights)) {
    if (!pool.has(name)) throw missing([name], shown, pool, over)
    if (!Number.isFinite(weight) || weight < 0) {
      throw new WorkbenchError(
        'study/invalid-weights',
        `Mixture ${shown}: the weight of ${name} is ${String(weight)}. Weights are numbers of 0 or more; leave a member out to give it none.`,
        { mixture: shown, member: name, weight: String(weight) }
      )
    }
  }
  const members = Object.entries(weights).filter(([, weight]) => weight > 0)
  const sum = members.reduce((total, [, weight]) => total + weight, 0)
  if (members.length === 0 || !Number.isFinite(sum)) {
    throw new WorkbenchError(
      'study/invalid-weights',
      `Mixture ${shown}: its weights sum to ${String(sum)}. At least one weight must be above 0; they are scaled to sum to 1.`,
      { mixture: shown, sum: String(sum) }
    )
  }
  if (members.every(([, weight]) => weight === members[0]![1])) {
    return unweighted(
      members.map(([name]) => name),
      pool
    )
  }
  return mixtureOf(
    members.map(([name, weight]) => ({ name, weight: roundWeight(weight / sum) })),
    pool
  )
}

function missing(
  names: string[],
  mixture: string,
  pool: Pool,
  over: MixtureChoice['over']
): WorkbenchError {
  const there = [...pool.keys()]
  return new WorkbenchError(
    'study/missing-partition',
    `Mixture ${mixture} names ${names.join(', ')}, which is not among the ${over} of this study: ${there.join(', ')}. Correct the name, or import that text first.`,
    { mixture, missing: names, available: there }
  )
}

function drawSubsets(size: number, count: number, pool: Pool, randomSeed: number): Mixture[] {
  const names = [...pool.keys()]
  if (subsetCount(names.length, size) <= MOST_LISTED) {
    // Drawn by name: only what is drawn is weighed, of what may be a hundred thousand.
    const all = subsetsOf(names, size).map((subset) => ({
      name: mixtureName(unweightedMembers(subset)),
      subset
    }))
    return firstByHash(all, count, randomSeed).map(({ subset }) => unweighted(subset, pool))
  }
  const random = seededRandom(deriveSeed(randomSeed, 'mixtures', String(size)))
  const drawn = new Map<string, Mixture>()
  while (drawn.size < count) {
    const chosen = new Set<string>()
    while (chosen.size < size) chosen.add(names[random.below(names.length)]!)
    const mixture = unweighted([...chosen], pool)
    drawn.set(mixture.name, mixture)
  }
  return [...drawn.values()]
}

function listMixtures(choice: MixtureChoice, pool: Pool, randomSeed: number): Mixture[] {
  const { choose, over } = choice
  switch (choose.kind) {
    case 'all': {
      const sizes = sizesBetween(choose.minimumSize, choose.maximumSize, pool)
      return ofSizes(checkSizes(sizes, pool, over), pool)
    }
    case 'sizes':
      return ofSizes(checkSizes(choose.sizes, pool, over), pool)
    case 'leave-one-out':
      return ofSizes(checkSizes(pool.size > 1 ? [pool.size - 1] : [], pool, over), pool)
    case 'list':
      return choose.list.map((weights) => fromWeights(weights, pool, over))
    case 'random': {
      checkCount(choose.count)
      const between = sizesBetween(choose.minimumSize, choose.maximumSize, pool)
      const sizes = checkSizes(between, pool, over)
      const shares = spreadOver(
        sizes.map((size) => subsetCount(pool.size, size)),
        choose.count
      )
      return sizes.flatMap((size, i) => drawSubsets(size, shares[i]!, pool, randomSeed))
    }
  }
}

/**
 * Lists the mixtures a study asks about, smallest first, then by name; each once.
 *
 * A mixture drawn at random comes from sizes as even as can be, because mixtures are compared
 * within one size; where fewer exist than are asked for, all are taken. The same units, choice and
 * seed give the same list. Drawn mixtures stay when members are added: as many again are then drawn
 * from all members, and those of before are listed too.
 *
 * @param choice the study's `mixtures`
 * @param units every base unit of the study, in its order
 * @param randomSeed the study's
 * @param earlier members there were when mixtures were drawn before; only random draws read it
 * @throws WorkbenchError `study/missing-partition` for a name that is not there,
 *   `study/invalid-weights` for weights below 0 or with sum 0, `study/invalid` for sizes that
 *   cannot be had or too many mixtures
 */
export function enumerateMixtures(
  choice: MixtureChoice,
  units: BaseUnit[],
  randomSeed: number,
  earlier: readonly (readonly string[])[] = []
): Mixture[] {
  const pool = poolOf(choice.over, units)
  const isGrown = (members: readonly string[]) =>
    members.length < pool.size && members.every((name) => pool.has(name))
  const poolsBefore = choice.choose.kind === 'random' ? earlier.filter(isGrown) : []
  const byName = new Map<string, Mixture>()
  for (const members of poolsBefore) {
    const before: Pool = new Map(members.map((name) => [name, pool.get(name)!]))
    for (const mixture of listMixtures(choice, before, randomSeed)) {
      byName.set(mixture.name, mixture)
    }
  }
  for (const mixture of listMixtures(choice, pool, randomSeed)) byName.set(mixture.name, mixture)
  return [...byName.values()].sort(bySizeThenName)
}

/**
 * The mixtures that were added to a choice by hand, each once, in the order they were added.
 *
 * They stand beside what the choice lists: they change no draw.
 *
 * @throws WorkbenchError `study/missing-partition`, `study/invalid-weights`
 */
export function addedMixtures({ over, added }: MixtureChoice, units: BaseUnit[]): Mixture[] {
  const pool = poolOf(over, units)
  const all = added.map((weights) => fromWeights(weights, pool, over))
  return [...new Map(all.map((mixture) => [mixture.name, mixture])).values()]
}

/** The order of a study's mixtures. */
export function bySizeThenName(a: Mixture, b: Mixture): number {
  return a.members.length - b.members.length || byCodeUnit(a.name, b.name)
}

/**
 * Partitions of a study that none of its trained mixtures holds: how merges with them agree with
 * training is not known. None where no mixture is trained at all.
 *
 * @param trained names of mixtures that were trained, those that are their branch left out
 */
export function untriedPartitions(mixtures: Mixture[], trained: readonly string[]): string[] {
  if (trained.length === 0) return []
  const partitionsOf = (list: Mixture[]) =>
    new Set(list.flatMap(({ units }) => units.map(({ partition }) => partition)))
  const tried = partitionsOf(mixtures.filter(({ name }) => trained.includes(name)))
  return [...partitionsOf(mixtures)].filter((partition) => !tried.has(partition)).sort(byCodeUnit)
}

/** Studies that draw alike share their draws: the number asked for is no part of it. */
export function drawIdentity({ mixtures, randomSeed }: Study): string {
  const { count: _count, ...choose } = { count: 0, ...mixtures.choose }
  return fingerprintOf({ over: mixtures.over, choose, randomSeed })
}
