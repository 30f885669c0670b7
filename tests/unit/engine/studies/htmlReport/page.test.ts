import { expect, test } from 'vitest'
import { diagnoseStudy } from '#engine/studies/evidence/diagnosis'
import { htmlReport } from '#engine/studies/htmlReport/page'
import type { StudyResults } from '#engine/studies/results'
import { FACTS, lossesByName } from '../../../../support/reportedStudy'
import { syntheticResults } from '../../../../support/syntheticResults'

/** As a worker writes it, without curves and weights. */
function reportOf(results: StudyResults): string {
  const diagnosis = diagnoseStudy(results, { traces: [], geometry: null })
  return htmlReport(results, FACTS, 'all', diagnosis)
}

const NASTY = '<script>alert("1")</script>'
const QUOTES = `"onload='x' & co`

test('names are text, whatever they hold', () => {
  const html = reportOf(
    syntheticResults({
      ...lossesByName({ [NASTY]: 1, [QUOTES]: 1, plain: 1, other: 1 }),
      outDomains: ['</svg><script>x</script>'],
      lines: [{ kind: 'branch-branch', from: NASTY, to: QUOTES, loss: (t) => 3 + t * (1 - t) }]
    })
  )
  expect(html).not.toMatch(/<script|<img|<b>/)
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')
  expect(html).toContain('&quot;onload=&#39;x&#39; &amp; co')
  // Every attribute is closed where it was opened: none is made by a name.
  expect(html).not.toMatch(/ onload=["']/)
  expect(html).not.toMatch(/NaN|Infinity|undefined|\[object/)
})

test('the report reaches for nothing outside itself', () => {
  const html = reportOf(syntheticResults(lossesByName({ a: 1, b: 1, c: 1, d: 1 })))
  const links = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link!)
  expect(links.filter((link) => !/^(#|data:)/.test(link))).toEqual([])
  expect(html).toContain("default-src 'none'")
})

test('of what is not measured a sentence stands in its place', () => {
  const whole = syntheticResults(lossesByName({ a: 1, b: 1 }))
  const html = reportOf({ ...whole, models: [], runs: [] })
  const sentences = [
    'No proxy can be held against a sequential model yet.',
    'there is nothing to rank',
    'proxies cannot be compared',
    'between seed, branches and their merge was not measured',
    'No mixture has both a proxy value and a sequential model'
  ]
  expect(sentences.filter((sentence) => !html.includes(sentence))).toEqual([])
})

test('verdicts, what to train next and lines are reported', () => {
  const html = reportOf(
    syntheticResults({
      ...lossesByName({ a: 1, b: 1, c: 1, d: 1 }),
      sequential: { choose: { kind: 'list', mixtures: ['a+b', 'b+c'] } },
      lines: [
        { kind: 'seed-branch', from: 'seed', to: 'a#1', loss: (t) => 4 - t },
        { kind: 'branch-branch', from: 'a#1', to: 'b#1', loss: (t) => 3 + t * (1 - t) }
      ]
    })
  )
  const told = [
    'Between branches the loss is higher than at them: yes',
    'Mixtures that would tell most if they were trained next',
    'No mixture before it holds d.',
    'n 1, highest 0.2500 nats/token above the straight line',
    '<data value="0.25" title="0.25">0.2500</data>'
  ]
  expect(told.filter((words) => !html.includes(words))).toEqual([])
})

test('figures draw the numbers of the tables: every proxy by domain, inside and outside, additions, both ways', () => {
  const html = reportOf(
    syntheticResults({ ...lossesByName({ a: 1, b: 1, c: 1, d: 1 }), outDomains: ['x'] })
  )
  const figures = [...html.matchAll(/<svg[^>]*aria-label="([^"]*)"[\s\S]*?<\/svg>/g)]
  const saying = (words: string) => figures.find(([, label]) => label!.includes(words))!
  const [map] = saying('on 8 domains and means')
  const [, agreement] = /<title>merge-micro on mean-all-log: ρ ([−\d.]+)<\/title>/.exec(map)!
  expect(html).toMatch(new RegExp(`merge-micro ranks mixtures at ρ ${agreement!}`))
  const [, sides] = saying('in-domain and out-of-domain')
  const [, ofMerge] = /merge-micro ([−\d.]+ and [−\d.]+)/.exec(sides!)!
  // By size: pairs and triples are each compared among themselves, and all of them within sizes.
  const [, sizes] = saying('ρ, in-domain and out-of-domain')
  expect(sizes).toMatch(
    new RegExp(
      `: mixtures of 2 [−\\d.]+ and [−\\d.]+; mixtures of 3 [−\\d.]+ and [−\\d.]+; within sizes ${ofMerge!}$`
    )
  )
  const [additions, added] = saying('Median change of the loss')
  // Of three more each partition has three pairs from two to three, and one from three to four.
  for (const name of ['a', 'b', 'c', 'd']) {
    expect(added).toMatch(new RegExp(`${name}: merge-micro [−\\d.]+ over 4 pairs, `))
  }
  expect(additions.match(/class="change-dot"/g)!.length).toBe(4 * 4 * 3)
  expect(saying('Naive: each of')[1]).toBe(
    'Naive: each of 11 mixtures is trained, 12 trainings, 3.24k tokens. Modular: one branch for each of 4 base units, 5 trainings, 1.32k tokens; mixtures are merges of branches and are not trained.'
  )
})
