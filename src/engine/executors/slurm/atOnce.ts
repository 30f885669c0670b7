/** Shares out among arrays how many of their elements run at once, so that all together keep a study's limit. Pure. */

/** An array of the study that waits or runs. */
export interface ArrayLoad {
  key: string
  /** How many of its elements may run at once as Slurm has it. */
  atOnce: number
  /** Elements that wait or run, and those of them that run. */
  live: number
  running: number
}

/**
 * What each array may have from now on, and how much of the limit is free for elements that are not submitted yet.
 *
 * Every array gets a fair share, no more than it has elements. What an array has is taken away only in name: its
 * elements run on, so that room is given to others once it is truly free.
 *
 * @param wanting elements that are not submitted yet
 * @returns `atOnce`: arrays whose limit changes
 */
export function sharedAtOnce(
  arrays: readonly ArrayLoad[],
  wanting: number,
  most: number
): { atOnce: Map<string, number>; room: number } {
  const shares = fairShares([...arrays.map(({ live }) => live), wanting], most)
  const held = arrays.map(heldBy)
  let free = most - held.reduce((sum, one) => sum + one, 0)
  const room = Math.max(0, Math.min(shares.at(-1)!, free))
  free -= room
  const atOnce = new Map<string, number>()
  arrays.forEach(({ key, atOnce: before, live }, index) => {
    // Without a limit, which 0 would be, all of it would run.
    const share = Math.max(1, shares[index]!)
    const gain = Math.max(0, Math.min(share - held[index]!, free))
    if (share < Math.min(before, live)) atOnce.set(key, share)
    else if (gain > 0) atOnce.set(key, held[index]! + gain)
    free -= gain
  })
  return { atOnce, room }
}

/** What runs, or may begin at any moment. */
function heldBy({ atOnce, live, running }: ArrayLoad): number {
  return Math.max(running, Math.min(atOnce, live))
}

/** Shares out a whole number: nobody gets more than he wants, nor less than who wants as much. */
export function fairShares(wants: readonly number[], most: number): number[] {
  const shares = wants.map(() => 0)
  let left = most
  for (;;) {
    const hungry = wants.flatMap((want, index) => (shares[index]! < want ? [index] : []))
    if (left <= 0 || hungry.length === 0) return shares
    const each = Math.max(1, Math.floor(left / hungry.length))
    for (const index of hungry) {
      const more = Math.min(each, wants[index]! - shares[index]!, left)
      shares[index]! += more
      left -= more
    }
  }
}
