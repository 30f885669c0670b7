/** Trainings that answer about n members, way by way. Pure. */

export interface Way {
  /** In words, with its formula. */
  name: string
  className: 'all' | 'pairs' | 'modular'
  /** Trainings besides the seed's. */
  runs: (n: number) => number
  /** How often the tokens of all n members are read in all, however unequal the members are. */
  times: (n: number) => number
}

/**
 * Every member is in half of all subsets and in n − 1 of the pairs.
 *
 * @see Na et al. 2024, arXiv 2410.15661: O(2ⁿ) runs against O(n)
 */
export const WAYS: readonly Way[] = [
  {
    name: 'every subset: 2ⁿ − 1',
    className: 'all',
    runs: (n) => 2 ** n - 1,
    times: (n) => 2 ** (n - 1)
  },
  {
    name: 'every pair: n(n − 1)/2',
    className: 'pairs',
    runs: (n) => (n * (n - 1)) / 2,
    times: (n) => n - 1
  },
  { name: 'modular: n', className: 'modular', runs: (n) => n, times: () => 1 }
]

/** Numbers of members that a figure of them shows, those at hand among them. */
export function countsShown(members: number): number[] {
  const last = Math.min(32, Math.max(12, 2 * members))
  return Array.from({ length: last - 1 }, (_, i) => i + 2)
}
