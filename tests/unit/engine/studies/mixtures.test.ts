import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addedMixtures, enumerateMixtures, mixtureName } from '#engine/studies/mixtures'
import { chooseSequential, pickedMixtures } from '#engine/studies/sequentialChoice'
import { MixtureChoiceSchema, SequentialChoiceSchema } from '#shared/records'
import type { BaseUnit, Mixture, StudyDraft } from '#shared/records'

function unitsOf(sizes: Record<string, number>): BaseUnit[] {
  return Object.entries(sizes).flatMap(([partition, count]) =>
    Array.from({ length: count }, (_, i) => ({
      name: `${partition}#${String(i + 1)}`,
      partition,
      fingerprint: `${partition} ${String(i)}`,
      tokens: partition,
      firstSequence: i,
      sequences: 1
    }))
  )
}

const SPEECHES = unitsOf({ speeches: 2, code: 1, email: 1 })

function list(choice: StudyDraft['mixtures'], units = SPEECHES, seed = 1): Mixture[] {
  return enumerateMixtures(MixtureChoiceSchema.parse(choice), units, seed)
}

function choose(choice: StudyDraft['sequential'], mixtures: Mixture[], seed = 1): string[] {
  return chooseSequential(SequentialChoiceSchema.parse(choice), mixtures, seed).map(
    (mixture) => mixture.name
  )
}

const names = (mixtures: Mixture[]) => mixtures.map((mixture) => mixture.name)

describe('names', () => {
  test('are sorted members joined by +', () => {
    const members = ['b', 'a', 'B'].map((name) => ({ name, weight: null }))
    expect(mixtureName(members)).toBe('B+a+b')
  })

  test('carry weights as the shortest number', () => {
    expect(
      mixtureName([
        { name: 'b', weight: 0.75 },
        { name: 'a', weight: 0.25 }
      ])
    ).toBe('a*0.25+b*0.75')
  })

  test('over 120 characters are m: and 12 hex digits of the long name’s SHA-256', () => {
    const of = (length: number) => mixtureName([{ name: 'x'.repeat(length), weight: null }])
    expect(of(120)).toBe('x'.repeat(120))
    // printf 'x%.0s' {1..121} | sha256sum
    expect(of(121)).toBe('m:79072a47bfaa')
  })
})

describe('choices', () => {
  test('all: every subset, smallest first', () => {
    expect(names(list({ choose: { kind: 'all' } }))).toEqual([
      'code',
      'email',
      'speeches',
      'code+email',
      'code+speeches',
      'email+speeches',
      'code+email+speeches'
    ])
  })

  test('all with sizes from and to', () => {
    const found = list({ choose: { kind: 'all', minimumSize: 2, maximumSize: 2 } })
    expect(names(found)).toEqual(['code+email', 'code+speeches', 'email+speeches'])
  })

  test('sizes: subsets of these sizes alone', () => {
    const found = list({ choose: { kind: 'sizes', sizes: [3, 1] } })
    expect(found.map((mixture) => mixture.members.length)).toEqual([1, 1, 1, 3])
  })

  test('leave-one-out: each member left out once', () => {
    const found = list({ choose: { kind: 'leave-one-out' } })
    expect(names(found)).toEqual(['code+email', 'code+speeches', 'email+speeches'])
  })

  test('over units: members are units', () => {
    const found = list({ over: 'units', choose: { kind: 'sizes', sizes: [3] } })
    expect(names(found)).toContain('code#1+speeches#1+speeches#2')
  })

  test('random: distinct, spread over sizes, the same for the same seed', () => {
    const units = unitsOf({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 })
    const draw = (seed: number) => list({ choose: { kind: 'random', count: 9 } }, units, seed)
    const sizes = draw(1).map((mixture) => mixture.members.length)
    expect(sizes).toEqual([2, 2, 3, 3, 4, 4, 5, 5, 6])
    expect(new Set(names(draw(1))).size).toBe(9)
    expect(draw(1)).toEqual(draw(1))
    expect(names(draw(1))).not.toEqual(names(draw(2)))
  })

  test('random: what was drawn before members were added stays', () => {
    const choice = { choose: { kind: 'random' as const, count: 6 } }
    const before = unitsOf({ a: 1, b: 1, c: 1, d: 1 })
    const grown = unitsOf({ a: 1, b: 1, c: 1, d: 1, e: 1 })
    const draw = (units: BaseUnit[], earlier: string[][] = []) =>
      names(enumerateMixtures(MixtureChoiceSchema.parse(choice), units, 1, earlier))
    const both = [...draw(before), ...draw(grown)]
    expect(draw(grown)).not.toEqual(expect.arrayContaining(draw(before)))
    expect(new Set(draw(grown, [['a', 'b', 'c', 'd']]))).toEqual(new Set(both))
    // Members that are no longer there, and those of now, add nothing.
    expect(
      draw(grown, [
        ['a', 'z'],
        ['a', 'b', 'c', 'd', 'e']
      ])
    ).toEqual(draw(grown))
  })

  test('random draws from more subsets than could be listed', () => {
    const many = unitsOf(
      Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`p${String(i)}`, 1]))
    )
    const found = list(
      { choose: { kind: 'random', count: 20, minimumSize: 25, maximumSize: 26 } },
      many
    )
    expect(found.map((mixture) => mixture.members.length)).toEqual([
      ...new Array<number>(10).fill(25),
      ...new Array<number>(10).fill(26)
    ])
  })

  test('a list with equal weights is unweighted, and a member of weight 0 is left out', () => {
    const found = list({
      choose: {
        kind: 'list',
        list: [
          { speeches: 2, code: 2, email: 0 },
          { code: 1, speeches: 1 }
        ]
      }
    })
    expect(names(found)).toEqual(['code+speeches'])
  })

  test('a list’s weights are scaled to sum to 1 and named so', () => {
    const found = list({
      choose: {
        kind: 'list',
        list: [
          { speeches: 3, code: 1 },
          { code: 0.1, email: 0.2, speeches: 0.7 }
        ]
      }
    })
    expect(names(found)).toEqual(['code*0.25+speeches*0.75', 'code*0.1+email*0.2+speeches*0.7'])
  })
})

describe('weights', () => {
  test('micro counts every base unit the same, macro every partition', () => {
    const [mixture] = list({ choose: { kind: 'list', list: [{ speeches: 1, code: 1 }] } })
    expect(mixture!.units).toEqual([
      { unit: 'code#1', partition: 'code', microWeight: 1 / 3, macroWeight: 1 / 2 },
      { unit: 'speeches#1', partition: 'speeches', microWeight: 1 / 3, macroWeight: 1 / 4 },
      { unit: 'speeches#2', partition: 'speeches', microWeight: 1 / 3, macroWeight: 1 / 4 }
    ])
  })

  test('over units, macro still counts every partition the same', () => {
    const [mixture] = list({
      over: 'units',
      choose: { kind: 'list', list: [{ 'speeches#1': 1, 'speeches#2': 1, 'email#1': 1 }] }
    })
    expect(mixture!.units.map((unit) => unit.macroWeight)).toEqual([1 / 2, 1 / 4, 1 / 4])
  })

  test('a given weight is spread over its partition’s units, micro and macro alike', () => {
    const [mixture] = list({ choose: { kind: 'list', list: [{ speeches: 3, code: 1 }] } })
    expect(mixture!.units.map((unit) => [unit.microWeight, unit.macroWeight])).toEqual([
      [0.25, 0.25],
      [0.375, 0.375],
      [0.375, 0.375]
    ])
  })

  test('sum to 1, and are the same for partitions of equal size', () => {
    const sizes = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.integer({ min: 1, max: 4 }), {
      minKeys: 1,
      maxKeys: 5
    })
    fc.assert(
      fc.property(sizes, fc.boolean(), (partitions, isEven) => {
        const even = Object.fromEntries(Object.keys(partitions).map((name) => [name, 2]))
        const units = unitsOf(isEven ? even : partitions)
        for (const mixture of list({ choose: { kind: 'all' } }, units)) {
          const sum = (of: 'microWeight' | 'macroWeight') =>
            mixture.units.reduce((total, unit) => total + unit[of], 0)
          expect(sum('microWeight')).toBeCloseTo(1, 12)
          expect(sum('macroWeight')).toBeCloseTo(1, 12)
          for (const unit of isEven ? mixture.units : []) {
            expect(unit.microWeight).toBeCloseTo(unit.macroWeight, 12)
          }
        }
      })
    )
  })
})

describe('refusals', () => {
  const codeOf = (choice: StudyDraft['mixtures']) => {
    try {
      list(choice)
      return 'none'
    } catch (error) {
      return [(error as { code: string }).code, (error as Error).message]
    }
  }

  test('a negative weight', () => {
    const found = codeOf({ choose: { kind: 'list', list: [{ code: -1, email: 2 }] } })
    expect(found).toEqual(['study/invalid-weights', expect.stringContaining('code is -1')])
  })

  test('weights that sum to 0', () => {
    const found = codeOf({ choose: { kind: 'list', list: [{ code: 0, email: 0 }] } })
    expect(found).toEqual(['study/invalid-weights', expect.stringContaining('sum to 0')])
  })

  test('a partition that is not there, naming those that are', () => {
    const found = codeOf({ choose: { kind: 'list', list: [{ code: 1, poems: 1 }] } })
    expect(found).toEqual([
      'study/missing-partition',
      expect.stringMatching(/poems.*code, email, speeches/)
    ])
  })

  test('a size larger than there are members', () => {
    const found = codeOf({ choose: { kind: 'sizes', sizes: [4] } })
    expect(found).toEqual(['study/invalid', expect.stringContaining('size 4; there are 3')])
  })

  test('more mixtures than one study holds', () => {
    const many = unitsOf(
      Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`p${String(i)}`, 1]))
    )
    expect(() => list({ choose: { kind: 'all' } }, many)).toThrow(/33554431 mixtures/)
  })
})

describe('sequential choice', () => {
  const all = list(
    { choose: { kind: 'all', minimumSize: 2 } },
    unitsOf({ a: 1, b: 1, c: 1, d: 1, e: 1 })
  )

  test('random: spread over sizes as evenly as can be', () => {
    const sizes = choose({ choose: { kind: 'random', count: 20 } }, all).map(
      (name) => name.split('+').length
    )
    const counts = [2, 3, 4, 5].map((size) => sizes.filter((one) => one === size).length)
    expect(counts).toEqual([7, 7, 5, 1])
  })

  test('random: asking for more only adds', () => {
    let before: string[] = []
    for (let count = 1; count <= 26; count++) {
      const now = choose({ choose: { kind: 'random', count } }, all)
      expect(now).toHaveLength(count)
      expect(now).toEqual(expect.arrayContaining(before))
      before = now
    }
  })

  test('random: those trained before stay when partitions are added, and count', () => {
    const sixth = { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }
    const grown = list({ choose: { kind: 'all', minimumSize: 2 } }, unitsOf(sixth))
    const before = choose({ choose: { kind: 'random', count: 20 } }, all)
    const now = (count: number) =>
      chooseSequential(
        SequentialChoiceSchema.parse({ choose: { kind: 'random', count } }),
        grown,
        1,
        {
          isBranch: () => false,
          isAdded: () => false,
          isTrained: ({ name }) => before.includes(name)
        }
      ).map(({ name }) => name)
    expect(new Set(now(20))).toEqual(new Set(before))
    expect(now(26)).toEqual(expect.arrayContaining(before))
    expect(now(26)).toHaveLength(26)
    expect(before).toEqual(expect.arrayContaining(now(12)))
  })

  test('random: training some of those drawn, whichever, changes nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 26 }),
        fc.func(fc.boolean()),
        fc.integer(),
        (count, isTrainedOf, seed) => {
          const choice = SequentialChoiceSchema.parse({ choose: { kind: 'random', count } })
          const drawn = chooseSequential(choice, all, seed)
          const again = chooseSequential(choice, all, seed, {
            isBranch: () => false,
            isAdded: () => false,
            isTrained: (mixture) => drawn.includes(mixture) && isTrainedOf(mixture.name)
          })
          expect(again).toEqual(drawn)
        }
      )
    )
  })

  test('random: mixtures whose sequential model is a branch are not drawn', () => {
    const withSingles = list({ choose: { kind: 'all' } }, unitsOf({ a: 1, b: 1, c: 2 }))
    const drawn = chooseSequential(
      SequentialChoiceSchema.parse({ choose: { kind: 'random', count: 99 } }),
      withSingles,
      1,
      {
        isBranch: ({ units }) => units.length === 1,
        isTrained: () => false,
        isAdded: () => false
      }
    )
    expect(names(drawn)).toEqual(['c', 'a+b', 'a+c', 'b+c', 'a+b+c'])
  })

  test('random: asking for more than there are takes all', () => {
    expect(choose({ choose: { kind: 'random', count: 99 } }, all)).toEqual(names(all))
  })

  test('list: finds mixtures with members in any order', () => {
    const chosen = choose({ choose: { kind: 'list', mixtures: ['c+a', 'a+b'] } }, all)
    expect(chosen).toEqual(['a+b', 'a+c'])
  })

  test('list: finds a mixture whose name is too long to be written out', () => {
    const long = ['x', 'y', 'z'].map((letter) => letter.repeat(50))
    const mixtures = list(
      { choose: { kind: 'all' } },
      unitsOf(Object.fromEntries(long.map((name) => [name, 1])))
    )
    const wanted = [...long].reverse().join('+')
    const chosen = choose({ choose: { kind: 'list', mixtures: [wanted] } }, mixtures)
    expect(chosen).toEqual([expect.stringMatching(/^m:[0-9a-f]{12}$/)])
  })

  test('list: a mixture that is not the study’s is refused by name', () => {
    expect(() => choose({ choose: { kind: 'list', mixtures: ['a+z'] } }, all)).toThrow(/a\+z/)
  })
})

describe('by hand', () => {
  const law = { law: 1, code: 1, mail: 1, news: 1 }

  test('added mixtures are named as in a list, each once', () => {
    const choice = MixtureChoiceSchema.parse({
      choose: { kind: 'all' },
      added: [
        { code: 3, law: 1 },
        { law: 0.25, code: 0.75 },
        { mail: 2, news: 2 }
      ]
    })
    expect(names(addedMixtures(choice, unitsOf(law)))).toEqual(['code*0.75+law*0.25', 'mail+news'])
    const wrong = MixtureChoiceSchema.parse({ choose: { kind: 'all' }, added: [{ rust: 1 }] })
    expect(() => addedMixtures(wrong, unitsOf(law))).toThrow(/rust/)
  })

  test('what the user picked is trained besides the choice, and changes no draw', () => {
    const all = list({ choose: { kind: 'all' } }, unitsOf(law))
    const byHand = list({ choose: { kind: 'list', list: [{ law: 3, code: 1 }] } }, unitsOf(law))
    const known = {
      isBranch: () => false,
      isTrained: () => false,
      isAdded: (mixture: Mixture) => byHand.includes(mixture)
    }
    const draw = (mixtures: Mixture[], added: string[]) => {
      const choice = SequentialChoiceSchema.parse({ choose: { kind: 'random', count: 4 }, added })
      const chosen = chooseSequential(choice, mixtures, 1, known)
      return {
        chosen: names(chosen),
        picked: names(pickedMixtures(choice.added, mixtures, chosen))
      }
    }
    const { chosen } = draw(all, [])
    const other = names(all).find((name) => !chosen.includes(name))!
    expect(draw([...all, ...byHand], [byHand[0]!.name, other, chosen[0]!])).toEqual({
      chosen,
      picked: [other, byHand[0]!.name]
    })
    const every = SequentialChoiceSchema.parse({ choose: { kind: 'all' } })
    expect(chooseSequential(every, [...all, ...byHand], 1, known)).toEqual(all)
    expect(() => pickedMixtures(['rust'], all, [])).toThrow(/rust/)
  })
})
