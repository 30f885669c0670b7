import { expect, test } from 'vitest'
import { plainDraft, requestOf } from '../../../src/renderer/state/searchDraft'

test('a search as it is typed makes a request; an empty field asks for nothing', () => {
  const draft = plainDraft(['law', 'code'], ['a', 'b', 'c'])
  const plain = {
    over: 'subsets',
    target: { law: 1, code: 1 },
    second: null,
    atMost: {},
    atLeast: {},
    noMore: {},
    sizes: null,
    tokens: null,
    repeat: null,
    limit: 10,
    rescore: 0
  }
  expect(requestOf(draft)).toEqual({ request: plain })
  draft.domains[0] = { name: 'law', weight: null, second: 2, atMost: 4.1 }
  draft.members[1] = { name: 'b', least: 10, most: 60 }
  const held = { ...draft, most: 2, millions: 1.5, repeat: 4, rescore: 99 }
  const request = {
    ...plain,
    target: { code: 1 },
    atMost: { law: 4.1 },
    atLeast: { b: 0.1 },
    noMore: { b: 0.6 },
    sizes: { least: 1, most: 2 },
    tokens: 1_500_000,
    repeat: 4,
    rescore: 10
  }
  expect(requestOf(held)).toEqual({ request })
  expect(requestOf({ ...held, hasSecond: true })).toEqual({
    request: { ...request, second: { law: 2 } }
  })
  draft.domains = draft.domains.map((domain) => ({ ...domain, weight: 0, second: null }))
  expect(requestOf(draft)).toEqual({ problem: expect.stringMatching(/weight in the target/) })
  draft.domains[0]!.weight = 1
  expect(requestOf({ ...draft, hasSecond: true })).toEqual({
    problem: expect.stringMatching(/second target/)
  })
})
