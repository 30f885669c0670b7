import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CHOICE_STATISTICS, choiceWorkspace } from '#engine/statistics/choosing'
import { holm } from '#engine/statistics/holm'
import { FEWEST_PAIRS, pairWorkspace } from '#engine/statistics/pairs'

interface Golden {
  cases: {
    name: string
    x: number[]
    y: number[]
    groups: number[]
    values: (number | null)[]
    repeated: { counts: number[]; values: (number | null)[] }[]
  }[]
  holm: { p: number[]; corrected: number[] }
}
const golden = JSON.parse(readFileSync('tests/golden/statistics/choosing.json', 'utf8')) as Golden

const close = (values: (number | null)[]) =>
  values.map((value) => (value === null ? NaN : (expect.closeTo(value, 9) as number)))

test.each(golden.cases)('$name: as NumPy and SciPy have it, whatever each item counts', (one) => {
  const workspace = choiceWorkspace(
    Float64Array.from(one.x),
    Float64Array.from(one.y),
    Int32Array.from(one.groups)
  )
  const out = new Float64Array(CHOICE_STATISTICS.length)
  workspace.measure(null, 0, out)
  expect([...out]).toEqual(close(one.values))
  for (const { counts, values } of one.repeated) {
    // Read from an offset, as resamples are.
    workspace.measure(Uint16Array.from([7, 7, ...counts]), 2, out)
    expect([...out]).toEqual(close(values))
  }
})

test('where the proxy ties, what it chooses is the mean of what it ties', () => {
  const out = new Float64Array(CHOICE_STATISTICS.length)
  const y = Float64Array.of(1, 3, 9)
  choiceWorkspace(Float64Array.of(0, 0, 1), y, new Int32Array(3)).measure(null, 0, out)
  expect(out[CHOICE_STATISTICS.indexOf('regret')]).toBe(1)
  expect(out[CHOICE_STATISTICS.indexOf('accuracy')]).toBe(1)
  choiceWorkspace(Float64Array.of(5, 5, 5), y, new Int32Array(3)).measure(null, 0, out)
  expect([out[0], out[4]]).toEqual([NaN, NaN])
})

const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 12 })
test('choosing by the truth itself costs nothing, and nothing is worse than the worst', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const n = Math.min(a.length, b.length)
      const [x, y] = [Float64Array.from(a.slice(0, n)), Float64Array.from(b.slice(0, n))]
      const groups = new Int32Array(n)
      const out = new Float64Array(CHOICE_STATISTICS.length)
      choiceWorkspace(y, y, groups).measure(null, 0, out)
      expect([out[1], out[2], out[5]]).toEqual([1, 0, 0])
      choiceWorkspace(x, y, groups).measure(null, 0, out)
      const [, top, regret, share] = out
      expect(top! >= 0 && top! <= 1 && regret! >= 0).toBe(true)
      expect(Number.isNaN(share) || (share! >= 0 && share! <= 1)).toBe(true)
    })
  )
})

test('Holm’s correction is statsmodels’, and asks nothing where there is no p', () => {
  const { p, corrected } = golden.holm
  expect(holm(p)).toEqual(close(corrected))
  expect(holm([null, 0.03, null, 0.04])).toEqual([null, 0.06, null, 0.06])
  expect(holm([])).toEqual([])
})

interface TopQuarter {
  cases: {
    name: string
    x: number[]
    y: number[]
    groups: number[]
    value: number | null
    repeated: { counts: number[]; value: number | null }[]
  }[]
}
const topQuarter = JSON.parse(
  readFileSync('tests/golden/statistics/topQuarter.json', 'utf8')
) as TopQuarter

test.each(topQuarter.cases)('$name: ρ in the top quarter as SciPy’s ranks give it', (one) => {
  const [x, y] = [Float64Array.from(one.x), Float64Array.from(one.y)]
  const groups = Int32Array.from(one.groups)
  const choice = choiceWorkspace(x, y, groups)
  const pairs = pairWorkspace({ x, y, groups })
  const [top, out] = [new Uint16Array(x.length), new Float64Array(3)]
  const rho = (counts: Uint16Array | null, offset: number) => {
    choice.keepTopQuarter(counts, offset, top)
    return pairs.measure(top, 0, out) < FEWEST_PAIRS ? NaN : out[1]!
  }
  expect([rho(null, 0)]).toEqual(close([one.value]))
  for (const { counts, value } of one.repeated) {
    expect([rho(Uint16Array.from([7, 7, ...counts]), 2)]).toEqual(close([value]))
  }
})
