/** Marks ranges of a text without changing it: tokens as alternating tints, matches of a search. */
import type { TextMatch } from '../state/textSearch'

/** Highlights by name; the document view's styles give them colours. */
const NAMES = ['token-odd', 'token-even', 'token-picked', 'match', 'match-now'] as const
export type MarkName = (typeof NAMES)[number]

/** Later ones are painted over earlier ones. */
const PRIORITY: Record<MarkName, number> = {
  'token-odd': 0,
  'token-even': 0,
  match: 1,
  'token-picked': 2,
  'match-now': 3
}

/** Marks ranges of a text node under a name, in place of those marked so before. */
export function markRanges(name: MarkName, node: Text | null, ranges: readonly TextMatch[]): void {
  if (!node || ranges.length === 0) {
    CSS.highlights.delete(name)
    return
  }
  const highlight = new Highlight(
    ...ranges.map(
      ({ from, to }) =>
        new StaticRange({
          startContainer: node,
          startOffset: from,
          endContainer: node,
          endOffset: to
        })
    )
  )
  highlight.priority = PRIORITY[name]
  CSS.highlights.set(name, highlight)
}

/** Takes all marks off. */
export function clearMarks(): void {
  for (const name of NAMES) CSS.highlights.delete(name)
}

/** The offset of a text node that lies at a point of the window; null when none does. */
export function offsetAt(node: Text, x: number, y: number): number | null {
  const range = document.caretRangeFromPoint(x, y)
  return range?.startContainer === node ? range.startOffset : null
}

/** More than a screen shows: marked where its end cannot be found. */
const MOST_IN_SIGHT = 20_000

/** Offsets of a text that stand inside its scrolled box, about; all of a text that fits. */
export function offsetsInSight(node: Text, box: HTMLElement): TextMatch {
  const { left, top, right, bottom } = box.getBoundingClientRect()
  const first = box.scrollTop === 0 ? 0 : (offsetAt(node, left + 12, top + 4) ?? 0)
  const last = offsetAt(node, right - 24, bottom - 4)
  const fits = box.scrollTop + box.clientHeight >= box.scrollHeight - 4
  return { from: first, to: fits ? node.length : (last ?? first + MOST_IN_SIGHT) }
}

/** Scrolls a box so that a range of its text is in sight. */
export function scrollToRange(node: Text, { from, to }: TextMatch, box: HTMLElement): void {
  const range = document.createRange()
  range.setStart(node, from)
  range.setEnd(node, to)
  const at = range.getBoundingClientRect()
  const inside = box.getBoundingClientRect()
  if (at.top < inside.top || at.bottom > inside.bottom) {
    box.scrollTop += at.top - inside.top - box.clientHeight / 3
  }
}
