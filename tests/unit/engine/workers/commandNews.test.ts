import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CommandLog, readNews } from '#engine/workers/commandNews'

test.each([
  ['assay step=12 loss=3.21', { step: 12, loss: 3.21 }],
  [
    '[rank0]:assay step=1 loss=2e-1 learning_rate=1e-4 gradient_norm=0.5',
    { step: 1, loss: 0.2, learningRate: 1e-4, gradientNorm: 0.5 }
  ],
  ['2026-01-01 INFO assay device="NVIDIA H100 80GB"', { device: 'NVIDIA H100 80GB' }],
  ['assay step=0 loss=nan', {}],
  ['assay step=1.5 loss=Infinity', {}],
  ['assay step=3 strange=1', { step: 3 }]
])('%s is understood', (line, news) => {
  expect(readNews(line)).toEqual(news)
})

test.each([
  '',
  'step=1 loss=2',
  'assay',
  'assay is great',
  'I like assay step=1 and more',
  'myassay step=1',
  'assay run my-study'
])('%j tells nothing', (line) => {
  expect(readNews(line)).toBe(null)
})

test.each([
  ['assay a="b"c step=1', { step: 1 }],
  ['assay a="x c="d e" step=2', { step: 2 }],
  ['assay step=1 assay step=2', { step: 2 }],
  ['assay step=1   ', { step: 1 }],
  ['assay a="x y', null]
])('quotes in %s end where a blank follows', (line, news) => {
  expect(readNews(line)).toEqual(news)
})

test('a line that nothing fits is left as quickly as any', () => {
  // An expression that goes back would try 2 to the power of 4000 ways.
  expect(readNews(`assay${' a="'.repeat(4000)} !`)).toBe(null)
  expect(readNews(`assay${' a="b"'.repeat(2700)} !`)).toBe(null)
})

test('any line is news or none', () => {
  const pieces = fc.constantFrom(
    'assay',
    ' ',
    '\t',
    'step=1',
    'a="',
    '"',
    'loss=',
    '1e9',
    ':',
    ']',
    '='
  )
  fc.assert(
    fc.property(
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 40 }),
      (parts) => {
        const news = readNews(parts.join(''))
        for (const value of Object.values(news ?? {})) {
          expect(typeof value === 'string' || Number.isFinite(value)).toBe(true)
        }
      }
    )
  )
})

test('what is written as a trainer should is read', () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true })
  const device = fc.string({ maxLength: 120 }).filter((text) => !/["\n\r]/.test(text))
  fc.assert(
    fc.property(fc.integer({ min: 1 }), number, device, (step, loss, name) => {
      expect(readNews(`[0]: assay step=${step} loss=${loss} device="${name}"`)).toEqual({
        step,
        loss: Number(String(loss)),
        device: name
      })
    })
  )
})

test('lines may come in pieces, and end as a progress bar does', () => {
  const log = new CommandLog()
  expect(log.add('assay st')).toEqual([])
  expect(log.add('ep=1 loss=2\r 50%\rassay step=2\n\nassay step=3')).toEqual([
    { step: 1, loss: 2 },
    { step: 2 }
  ])
  expect(log.add('\n')).toEqual([{ step: 3 }])
})

test('a log is bounded, and keeps its beginning and its end', () => {
  const log = new CommandLog('before\n')
  for (let at = 0; at < 4000; at++) log.add(`${at} ${'x'.repeat(1000)}\n`)
  expect(log.text.length).toBeLessThan(2.2 * 2 ** 20)
  expect(log.text.startsWith('before\n0 x')).toBe(true)
  expect(log.text).toMatch(/… \d+ characters were left out here …/)
  expect(log.tail(1)).toMatch(/^3999 x/)
})
