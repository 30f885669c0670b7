/** Processes that hold something of a project: its lock, or the claim of a run. */
import { randomBytes } from 'node:crypto'
import { identityOf, isAlive } from './processIdentity'
import type { ProcessIdentity } from './processIdentity'

/** Whose something is, as the file of it says. */
export interface Holder extends ProcessIdentity {
  /** Tells one hold of a process from its next. */
  nonce: string
  since: string
}

/** What this process holds, or is about to: what is not here was left by work that failed. */
const own = new Set<string>()

/**
 * Makes this process the holder of something.
 *
 * @param more what the file says besides
 * @param take writes the file; where it fails nothing is held
 */
export async function becomeHolder<More extends object>(
  more: More,
  take: (mine: Holder & More) => Promise<void>
): Promise<Holder & More> {
  const nonce = randomBytes(12).toString('hex')
  const mine = { ...identityOf(), nonce, since: new Date().toISOString(), ...more }
  own.add(nonce)
  try {
    await take(mine)
    return mine
  } catch (error) {
    own.delete(nonce)
    throw error
  }
}

/** What this process held is free for others, whatever becomes of the file. */
export function endHolding({ nonce }: Holder): void {
  own.delete(nonce)
}

/** True of what this very process holds. */
export function isOwn({ nonce }: Holder): boolean {
  return own.has(nonce)
}

/** Whether a holder of this machine still is one: its process lives, and if it is this one, has not let it go. */
export function isHolding(holder: Holder): boolean {
  return isAlive(holder) && (holder.pid !== process.pid || isOwn(holder))
}
