import { describe, expect, it } from 'vitest'
import { planUnits, sequencesIn } from '#engine/data/baseUnits'
import type { UnitChoice } from '#shared/records'

const choice = (changes: Partial<UnitChoice> = {}): UnitChoice => ({
  sequences: 10,
  orderBy: null,
  leftOver: 'drop',
  tooSmall: 'error',
  maximum: null,
  parts: 1,
  ...changes
})
/** Tokens of exactly so many sequences of eight. */
const tokensOf = (sequences: number): number => sequences * 8 + 1

describe('planUnits', () => {
  it('needs T+1 tokens for the first sequence and T for each further one', () => {
    expect([8, 9, 16, 17].map((tokens) => sequencesIn(tokens, 8))).toEqual([0, 1, 1, 2])
  })

  it.each([
    ['drops what is left over', {}, 25, [10, 10]],
    ['keeps what is left over as a short unit', { leftOver: 'short' }, 25, [10, 10, 5]],
    ['joins what is left over to the last unit', { leftOver: 'join' }, 25, [10, 15]],
    ['makes nothing extra where nothing is left over', { leftOver: 'short' }, 20, [10, 10]],
    ['stops at the maximum', { maximum: 1, leftOver: 'join' }, 25, [10]],
    ['stops at the maximum before a short unit', { maximum: 2, leftOver: 'short' }, 25, [10, 10]],
    ['keeps a partition that is too small as one short unit', { tooSmall: 'short' }, 4, [4]],
    ['drops a partition that is too small', { tooSmall: 'drop' }, 4, []]
  ] as [string, Partial<UnitChoice>, number, number[]][])('%s', (_, changes, sequences, units) => {
    expect(planUnits('p', tokensOf(sequences), 8, choice(changes))).toEqual(units)
  })

  it('says how much a partition holds, how much is needed and what to do', () => {
    expect(() => planUnits('Art', 41, 8, choice())).toThrow(
      expect.objectContaining({
        code: 'partition/too-small',
        message: expect.stringMatching(/Art holds 41 tokens; .* 81 .*"unit.sequences" to 5/),
        details: { partition: 'Art', tokens: 41, needed: 81 }
      })
    )
  })

  it('refuses text of less than one sequence even where short units are allowed', () => {
    expect(() => planUnits('p', 8, 8, choice({ tooSmall: 'short' }))).toThrow(
      expect.objectContaining({ code: 'partition/too-small' })
    )
  })
})
