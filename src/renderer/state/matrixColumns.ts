/** Columns of the matrix: members on the left, values on the right; which are in sight. Pure. */
import type { MemberGroup } from './matrixOrder'

/** Heights and widths of the matrix's parts, px. */
export const SIZES = { line: 22, bins: 16, member: 18, folded: 46, value: 56, name: 190 } as const

/** Width of a letter in a turned name, and what is around the name, px. */
const LETTER = { width: 6.5, around: 14 }
/** Turned names are given at least and at most so much height, px: longer ones are cut. */
const LABEL = { least: 52, most: 84 }

/** Height that the longest of the turned names needs, within bounds: px. */
export function labelHeight(names: readonly string[]): number {
  const longest = Math.max(0, ...names.map((name) => name.length))
  const wanted = Math.ceil(LETTER.width * longest + LETTER.around)
  return Math.max(LABEL.least, Math.min(LABEL.most, wanted))
}

/** A column of the left block: a member, or all units of a partition folded into one. */
export interface LeftColumn extends MemberGroup {
  /** Place of its partition among all, which decides the colour. */
  partition: number
  isFolded: boolean
}

/** The partition of a member: of `law#3` it is `law`. */
export function partitionOf(member: string): string {
  const end = member.lastIndexOf('#')
  return end < 0 ? member : member.slice(0, end)
}

/** Names of the partitions of members, in the order of their first member. */
export function partitionsOf(members: readonly string[]): string[] {
  return [...new Set(members.map(partitionOf))]
}

/** The left block: one column per partition, or per member where that is asked for. */
export function leftColumns(members: readonly string[], isUnfolded: boolean): LeftColumn[] {
  const partitions = partitionsOf(members)
  const groups = partitions.map((name, partition): LeftColumn => {
    const own = members.flatMap((member, m) => (partitionOf(member) === name ? [m] : []))
    return { name, members: own, partition, isFolded: own.length > 1 }
  })
  if (!isUnfolded) return groups
  return groups.flatMap((group) =>
    group.members.map((m) => ({
      name: members[m]!,
      members: [m],
      partition: group.partition,
      isFolded: false
    }))
  )
}

/** A column with its place from the left, px. */
export interface PlacedColumn {
  kind: 'member' | 'value'
  /** Index in the left block, or a column of the table. */
  index: number
  x: number
  width: number
}

/** Places columns one beside the other. */
export function placedColumns(
  left: readonly LeftColumn[],
  values: readonly number[]
): PlacedColumn[] {
  let x = 0
  const place = (kind: PlacedColumn['kind'], index: number, width: number): PlacedColumn => {
    const column = { kind, index, x, width }
    x += width
    return column
  }
  return [
    ...left.map(({ isFolded }, index) =>
      place('member', index, isFolded ? SIZES.folded : SIZES.member)
    ),
    ...values.map((index) => place('value', index, SIZES.value))
  ]
}

/** Width of columns placed one beside the other, px. */
export function widthOf(columns: readonly PlacedColumn[]): number {
  const last = columns.at(-1)
  return last ? last.x + last.width : 0
}

/** Which columns are at least partly between two places, px: from one, up to another. */
export function columnsBetween(
  columns: readonly PlacedColumn[],
  left: number,
  right: number
): { from: number; to: number } {
  let from = 0
  while (from < columns.length && columns[from]!.x + columns[from]!.width <= left) from++
  let to = from
  while (to < columns.length && columns[to]!.x < right) to++
  return { from, to }
}

/**
 * Which line a slot shows. Slots are as many as lines are in sight and each keeps its line until
 * that is out of sight: while the matrix scrolls, only lines that come into sight are drawn.
 *
 * @param first the first line in sight
 */
export function lineOfSlot(slot: number, first: number, slots: number): number {
  return first + ((((slot - first) % slots) + slots) % slots)
}

/** Where to scroll so that a line is in sight; null where it is. */
export function scrollToLine(
  line: number,
  { scrollTop, room }: { scrollTop: number; room: number }
): number | null {
  const top = line * SIZES.line
  if (top < scrollTop) return Math.max(0, top - SIZES.line)
  if (top + SIZES.line > scrollTop + room) return top + SIZES.line - room
  return null
}
