/** Which rows of tables are of one mixture: by its weights, whatever they sum to, and its name. */
import type { Observation } from './observations'
import { rowError } from './tableFile'
import type { TableRow } from './tableFile'

/** A mixture of the tables. */
export interface TableMixture {
  name: string | null
  /** Share of each partition, by name; those of 0 left out. */
  shares: ReadonlyMap<string, number>
  /** Where it is read first. */
  row: TableRow
}

/** How far a sum may lie from where it should, as a share of it: weights are often rounded. */
const ROUNDING = 0.01
/** Shares that differ by less are one and the same where the name is, and equal shares equal. */
const SAME_SHARE = 0.001
const LONGEST_NAME = 120

/** Observations that came from the same files: a name stands for one mixture among them. */
export type Group = readonly Observation[]

export interface IdentifiedMixtures {
  mixtures: TableMixture[]
  /** Place of each observation's mixture, in the order of the groups; null for the seed model. */
  places: (number | null)[]
  notes: string[]
}

/**
 * Tells the mixtures of groups of observations apart.
 *
 * @throws WorkbenchError `table/invalid` for weights that sum neither to 1 nor to one sum in every
 *   row of a group, and for one name with different weights
 */
export function identifyMixtures(groups: readonly Group[]): IdentifiedMixtures {
  const mixtures: TableMixture[] = []
  const byShares = new Map<string, number>()
  const notes = new Set<string>()
  const known: Known = { mixtures, byShares, taken: new Set(), renamed: new Set() }
  const places = groups.flatMap((group, g) => {
    const sum = commonSum(group)
    if (Math.abs(sum - 1) > ROUNDING) {
      notes.add(
        `Weights that sum to ${Number(sum.toPrecision(4))} in every row are taken as shares.`
      )
    }
    const byName = new Map<string, number>()
    const seen = new Map<string, number>()
    return group.map((one) => {
      if (one.role === 'seed') return null
      // The same weights are written in many rows of a long table.
      const written = `${one.mixture ?? ''}\n${[...one.weights].join('\n')}`
      const place = seen.get(written) ?? placeOf(one, byName, known, g)
      seen.set(written, place)
      return place
    })
  })
  if (known.renamed.size > 0) {
    const some = [...known.renamed].slice(0, 3).join(', ')
    notes.add(
      `Names that other files give to other weights have the file's name behind them: ${some}${known.renamed.size > 3 ? ' …' : ''}.`
    )
  }
  return { mixtures, places, notes: [...notes] }
}

interface Known {
  mixtures: TableMixture[]
  byShares: Map<string, number>
  taken: Set<string>
  renamed: Set<string>
}

function placeOf(
  one: Observation,
  byName: Map<string, number>,
  { mixtures, byShares, taken, renamed }: Known,
  group: number
): number {
  const shares = sharesOf(one.weights)
  const name = one.mixture === null ? null : shortened(one.mixture)
  const named = name === null ? undefined : byName.get(name)
  if (named !== undefined) {
    const other = mixtures[named]!
    if (isAlike(other.shares, shares)) return named
    throw rowError(
      one.row,
      `the weights that "${name}" has in line ${other.row.line}`,
      'others',
      'Give every mixture a name of its own, or leave the names out.'
    )
  }
  // Rounded differently in another file, the same name still is the same mixture.
  const namesake =
    name !== null && group > 0
      ? mixtures.findIndex((other) => other.name === name && isAlike(other.shares, shares))
      : -1
  const key = keyOf(shares)
  const known = namesake >= 0 ? namesake : byShares.get(key)
  const place = known ?? mixtures.length
  if (known === undefined) {
    let own = name
    if (name !== null && taken.has(name)) {
      own = `${name} (${one.row.file.split('/').at(-1)!})`
      renamed.add(own)
    }
    if (own !== null) taken.add(own)
    mixtures.push({ name: own, shares, row: one.row })
    byShares.set(key, place)
  }
  if (name !== null) byName.set(name, place)
  return place
}

/** The sum that weights have in every row of a group. */
function commonSum(group: Group): number {
  const rows = group.filter(({ role }) => role !== 'seed')
  if (rows.length === 0) return 1
  const sums = rows.map(({ weights }) => [...weights.values()].reduce((sum, one) => sum + one, 0))
  const isNear = (sum: number, wanted: number) => Math.abs(sum - wanted) <= ROUNDING * wanted
  const middle = [...sums].sort((a, b) => a - b)[Math.floor(sums.length / 2)]!
  const common = isNear(middle, 1) ? 1 : middle
  const wrong = sums.findIndex((sum) => !isNear(sum, common))
  if (wrong < 0) return common
  // Of a table without any common sum the first row that is not a share is shown.
  const isCommon = sums.filter((sum) => isNear(sum, common)).length > sums.length / 2
  const shown = isCommon ? wrong : sums.findIndex((sum) => !isNear(sum, 1))
  throw rowError(
    rows[shown]!.row,
    isCommon && common !== 1
      ? `weights with sum ${Number(common.toPrecision(6))}, as in other rows`
      : 'weights with sum 1',
    `the sum ${Number(sums[shown]!.toPrecision(6))}`,
    'Weights are shares: they sum to 1 in every row, or to the same number in every row.'
  )
}

/** Shares with sum 1, to twelve digits; those that are equal but for rounding made so. */
function sharesOf(weights: ReadonlyMap<string, number>): Map<string, number> {
  const sum = [...weights.values()].reduce((total, one) => total + one, 0)
  const names = [...weights.keys()].sort()
  const shares = names.map((name) => weights.get(name)! / sum)
  const areEqual = shares.every((share) => Math.abs(share - 1 / names.length) < SAME_SHARE)
  return new Map(
    names.map((name, i) => [name, areEqual ? 1 / names.length : Number(shares[i]!.toPrecision(12))])
  )
}

function keyOf(shares: ReadonlyMap<string, number>): string {
  return [...shares].map(([name, share]) => `${name}*${share}`).join('+')
}

function isAlike(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return [...new Set([...a.keys(), ...b.keys()])].every(
    (name) => Math.abs((a.get(name) ?? 0) - (b.get(name) ?? 0)) < 5 * SAME_SHARE
  )
}

/** A mixture's name in one line. */
function shortened(name: string): string {
  const line = name.replace(/[\u0000-\u001f]+/g, ' ')
  return line.length <= LONGEST_NAME ? line : `${line.slice(0, LONGEST_NAME - 1)}…`
}
