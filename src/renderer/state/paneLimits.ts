/** How large a pane may be, and how keys move the line beside it. Pure. */

/** In the unit of the pane. */
export interface PaneLimits {
  least: number
  most: number
  /** What it is until somebody drags it, and after a double click. */
  first: number
}

/** Arrow keys move a splitter by so many steps from end to end. */
const STEPS = 20

/** A size within its limits; the first one where there is none. */
export function within(size: number, { least, most, first }: PaneLimits): number {
  return Number.isFinite(size) ? Math.min(most, Math.max(least, size)) : first
}

/**
 * Where a key moves a splitter; null for a key that moves none.
 *
 * @param way 1 where the pane grows to the right, −1 where it grows to the left
 */
export function keyedSize(
  key: string,
  size: number,
  limits: PaneLimits,
  way: 1 | -1
): number | null {
  const step = (limits.most - limits.least) / STEPS
  switch (key) {
    case 'ArrowRight':
      return within(size + way * step, limits)
    case 'ArrowLeft':
      return within(size - way * step, limits)
    case 'Home':
      return limits.least
    case 'End':
      return limits.most
    case 'Enter':
      return limits.first
    default:
      return null
  }
}
