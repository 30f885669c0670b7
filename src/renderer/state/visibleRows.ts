/** Which rows of a long list stand in its window. Pure. */

/** Rows from `first` up to, not including, `end`, and the room that the others take, in pixels. */
export interface VisibleRows {
  first: number
  end: number
  above: number
  below: number
}

/**
 * Rows in sight, and some before and after, so that scrolling shows no gap.
 *
 * @param scrolled how far the list is scrolled, in pixels
 * @param height of the window that the list is seen through
 */
export function visibleRows(
  total: number,
  rowHeight: number,
  scrolled: number,
  height: number,
  around = 8
): VisibleRows {
  const first = Math.max(0, Math.min(total, Math.floor(scrolled / rowHeight)) - around)
  const end = Math.min(total, Math.ceil((scrolled + height) / rowHeight) + around)
  return { first, end, above: first * rowHeight, below: (total - Math.max(first, end)) * rowHeight }
}

/** How far to scroll so that a row is in sight: not at all when it is. */
export function scrolledTo(
  row: number,
  rowHeight: number,
  scrolled: number,
  height: number
): number {
  const top = row * rowHeight
  if (top < scrolled) return top
  return top + rowHeight > scrolled + height ? top + rowHeight - height : scrolled
}

/** The row that a key goes to; null when it is no key of a list. */
export function rowAfterKey(
  key: string,
  row: number | null,
  total: number,
  page: number
): number | null {
  if (total === 0) return null
  const within = (wanted: number) => Math.max(0, Math.min(total - 1, wanted))
  const from = row ?? -1
  switch (key) {
    case 'ArrowDown':
      return within(from + 1)
    case 'ArrowUp':
      return within(row === null ? total - 1 : from - 1)
    case 'PageDown':
      return within(Math.max(0, from) + page)
    case 'PageUp':
      return within(Math.max(0, from) - page)
    case 'Home':
      return 0
    case 'End':
      return total - 1
    default:
      return null
  }
}
