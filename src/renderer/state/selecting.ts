/** How clicks and keys change which mixtures are selected. Pure. */

export interface SelectedRows {
  /** The one that is looked at, and from which a range goes. */
  picked: string | null
  /** Where a range began. */
  anchor: string | null
  selected: readonly string[]
}

interface Keys {
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}

/** Names between two, both included, in the order in which they are listed. */
export function rangeOf(order: readonly string[], from: string | null, to: string): string[] {
  const end = order.indexOf(to)
  const begin = from === null ? end : order.indexOf(from)
  if (begin < 0) return [to]
  return order.slice(Math.min(begin, end), Math.max(begin, end) + 1)
}

/** After a click: alone, with Ctrl one more or less, with Shift all from the anchor to here. */
export function afterClick(
  before: SelectedRows,
  order: readonly string[],
  name: string,
  keys: Keys
): SelectedRows {
  if (keys.shiftKey) {
    const { anchor } = before
    return { picked: name, anchor: anchor ?? name, selected: rangeOf(order, anchor, name) }
  }
  if (keys.ctrlKey || keys.metaKey) {
    return { picked: name, anchor: name, selected: toggled(before.selected, name) }
  }
  const isAlone = before.selected.length === 1 && before.selected[0] === name
  if (isAlone) return { picked: null, anchor: null, selected: [] }
  return { picked: name, anchor: name, selected: [name] }
}

function toggled(names: readonly string[], name: string): string[] {
  return names.includes(name) ? names.filter((one) => one !== name) : [...names, name]
}

/** How many lines a key moves by; null where it moves nowhere. */
function stepOf(key: string, page: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return 1
    case 'ArrowUp':
      return -1
    case 'PageDown':
      return page
    case 'PageUp':
      return -page
    case 'Home':
      return -count
    case 'End':
      return count
    default:
      return null
  }
}

/**
 * After a key: arrows, Page, Home and End move; with Shift they select; Space selects one more or
 * less; Ctrl-A all; Escape none.
 *
 * @param page lines in sight
 * @returns null for a key that means nothing here
 */
export function afterKey(
  before: SelectedRows,
  order: readonly string[],
  event: Keys & { key: string },
  page: number
): SelectedRows | null {
  if (event.key === 'a' && (event.ctrlKey || event.metaKey)) return { ...before, selected: order }
  if (event.key === 'Escape') return before.selected.length > 0 ? { ...before, selected: [] } : null
  if (event.key === ' ') {
    const { picked } = before
    if (picked === null) return null
    return { picked, anchor: picked, selected: toggled(before.selected, picked) }
  }
  const step = stepOf(event.key, page, order.length)
  if (step === null || order.length === 0) return null
  const at = before.picked === null ? -1 : order.indexOf(before.picked)
  const next = order[Math.max(0, Math.min(order.length - 1, at + step))]!
  if (!event.shiftKey) return { ...before, picked: next, anchor: next }
  const anchor = before.anchor ?? before.picked ?? next
  return { picked: next, anchor, selected: rangeOf(order, anchor, next) }
}
