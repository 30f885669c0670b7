/** Which mixture each mixture becomes when partitions exchange their names. */
import { labelOrderings } from '#engine/statistics/permutations'
import type { Relabellings } from '#engine/statistics/relabelling'
import type { Mixture } from '#shared/records'

/**
 * Relabels the members of mixtures in every order, or in 10,000 drawn ones.
 *
 * A relabelled mixture keeps its size and its weights. Members are partitions, or base units when
 * the study's mixtures are over units.
 *
 * @param from mixtures to relabel
 * @param all every mixture of the study, where their images are looked for
 * @param fixed names that keep their place
 * @param seed 32-bit random seed of drawn orders
 * @returns for each order and mixture of `from`, the place of its image in `all`, or −1
 */
export function relabelMixtures(
  from: Mixture[],
  all: Mixture[],
  fixed: string[],
  seed: number
): Relabellings {
  const names = [...new Set(from.flatMap((one) => one.members.map((member) => member.name)))].sort()
  const place = new Map(names.map((name, i) => [name, i]))
  const key = keyOfMembers(names.length)
  const known = new Map<string | number, number>()
  const kinds = new Map<string, number>()
  for (const one of all) kinds.set(kindOf(one), (kinds.get(kindOf(one)) ?? 0) + 1)
  all.forEach((mixture, at) => {
    if (mixture.members.some((member) => !place.has(member.name))) return
    known.set(key(placed(mixture, place), null, 0), at)
  })
  const still = fixed.flatMap((name) => place.get(name) ?? [])
  const orders = labelOrderings(names.length, still, seed)
  const images = new Int32Array(orders.count * from.length)
  const members = from.map((mixture) => placed(mixture, place))
  const own = from.map((mixture, i) => loneWeights(members[i]!, kinds.get(kindOf(mixture))!))
  for (let k = 0; k < orders.count; k++) {
    for (let i = 0; i < from.length; i++) {
      const at = k * from.length + i
      const offset = k * names.length
      const weights = own[i]!
      const image =
        weights === null || isKept(members[i]!, weights, orders.orderings, offset)
          ? known.get(key(members[i]!, orders.orderings, offset))
          : undefined
      images[at] = image ?? -1
    }
  }
  return { items: from.length, count: orders.count, images }
}

/** Weights without their names: what relabelling leaves as it is. */
function kindOf({ members }: Mixture): string {
  return members
    .map(({ weight }) => String(weight))
    .sort()
    .join(' ')
}

/**
 * Weight by place of a mixture whose weights no other has, so that it can only become itself; else
 * null. Tables of hundreds of drawn weights have nothing else, and in each of 10,000 orders looking
 * up a text for each of them would take minutes.
 */
function loneWeights(
  members: PlacedMember[],
  ofItsKind: number
): Map<number, number | null> | null {
  return ofItsKind === 1 ? new Map(members.map(({ at, weight }) => [at, weight])) : null
}

function isKept(
  members: PlacedMember[],
  weights: Map<number, number | null>,
  order: Uint16Array,
  offset: number
): boolean {
  return members.every(({ at, weight }) => weights.get(order[offset + at]!) === weight)
}

interface PlacedMember {
  at: number
  weight: number | null
}

function placed(mixture: Mixture, place: Map<string, number>): PlacedMember[] {
  return mixture.members.map(({ name, weight }) => ({ at: place.get(name)!, weight }))
}

type Key = (members: PlacedMember[], order: Uint16Array | null, offset: number) => string | number

/** A mixture's identity after relabelling: a sum of powers of two where that is exact. */
function keyOfMembers(labels: number): Key {
  return (members, order, offset) => {
    const to = (at: number) => (order ? order[offset + at]! : at)
    if (labels <= 50 && members.every((member) => member.weight === null)) {
      let sum = 0
      for (const member of members) sum += 2 ** to(member.at)
      return sum
    }
    return members
      .map((member) => `${String(to(member.at))}*${String(member.weight)}`)
      .sort()
      .join('+')
  }
}
