/** A matrix of three mixtures on two columns, small enough to be checked by hand. */
import type { Matrix } from '#shared/evidenceView'

const E = Math.E

/** Perplexities as powers of e, so that their nats are round. */
export const smallMatrix: Matrix = {
  members: ['a', 'b'],
  domains: [
    { name: 'a', kind: 'in', partition: 'a' },
    { name: 'mean-all-log', kind: 'mean', partition: null }
  ],
  seed: [E ** 3, 3],
  rows: [
    { mixture: 'a', size: 1, shares: [1, 0], isMerge: true },
    { mixture: 'b', size: 1, shares: [0, 1], isMerge: true },
    { mixture: 'a+b', size: 2, shares: [0.5, 0.5], isMerge: false }
  ],
  proxies: [
    {
      name: 'merge-micro',
      values: [
        [E ** 2, 2.5],
        [E ** 4, 2.2],
        [E, null]
      ]
    }
  ],
  sequential: [
    {
      budget: 'sum',
      values: [
        [null, null],
        [null, null],
        [E ** 1.5, 2]
      ],
      areMerges: [true, false, false]
    }
  ]
}
