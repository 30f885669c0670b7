/** Everything that can be done in the window: the palette, the keys and the desktop's menu share it. */

export interface Action {
  /** Stands for it in the desktop's menu: `run-study`. */
  id: string
  name: string
  /** Keys as people read them: `g m`, `Ctrl K`. */
  keys?: string
  /** Why it cannot be done now; null when it can. */
  blocked: string | null
  run: () => void
}

/** Keys that are held with Ctrl, or Cmd on a Mac. */
export function heldKeys(event: KeyboardEvent): string | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null
  const key = event.key === 'Enter' ? 'Enter' : event.key.toUpperCase()
  return `Ctrl ${event.shiftKey ? 'Shift ' : ''}${key}`
}

/** True where letters are typed: single keys mean themselves there. */
export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) {
    return !['checkbox', 'radio', 'range', 'button'].includes(target.type)
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/**
 * Actions whose names hold the letters of a search in their order, the closest first.
 *
 * @returns all of them for an empty search, those that can be done now first
 */
export function found<T extends Pick<Action, 'name' | 'blocked'>>(
  actions: readonly T[],
  search: string
): T[] {
  const scored = actions.flatMap((action) => {
    const score = closeness(action.name.toLowerCase(), search.trim().toLowerCase())
    return score === null ? [] : [{ action, score: score + (action.blocked === null ? 0 : 1000) }]
  })
  return scored.sort((a, b) => a.score - b.score).map(({ action }) => action)
}

/** Gaps between the letters, and where they begin; null when one is not there. */
function closeness(name: string, search: string): number | null {
  const whole = name.indexOf(search)
  if (whole >= 0) return whole
  let at = -1
  let gaps = 0
  for (const letter of search.replace(/\s+/g, '')) {
    const next = name.indexOf(letter, at + 1)
    if (next < 0) return null
    gaps += next - at - 1
    at = next
  }
  return 100 + gaps
}
