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
