import { vi } from 'vitest'

/** Tries a check again and again until it holds, for as long as a busy machine may need. */
export function soon<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000 })
}
