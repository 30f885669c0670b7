import { expect, test } from 'vitest'
import type { Progress } from '#shared/records'
import type { QueuedRun } from '#shared/trainingView'
import { demandInWords, planInWords } from '../../../src/renderer/state/planInWords'
import { queueProgress, trainingRate } from '../../../src/renderer/state/queueProgress'
import { queuedRun } from './queuedRun'

const run = (name: string, change: Partial<QueuedRun>) =>
  queuedRun(name, { tokens: 100, ...change })
const training = (done: number): Progress => ({
  activity: 'train',
  label: '',
  done,
  total: 100,
  unit: 'tokens',
  rate: 5,
  secondsLeft: 1,
  detail: ''
})

test('what was trained stays counted when a study is stopped', () => {
  const runs = [
    run('a', { isDone: true, trained: 100 }),
    run('b', { trained: 40 }),
    run('c', { isTraining: true, trained: 10 }),
    run('d', {})
  ]
  const whole = { done: 1, runs: 4, tokens: 400 }
  expect(queueProgress(runs, { c: training(30) })).toEqual({ ...whole, trained: 170 })
  expect(queueProgress(runs, {})).toEqual({ ...whole, trained: 150 })
  expect(queueProgress([], {})).toEqual({ done: 0, runs: 0, trained: 0, tokens: 0 })
  expect(trainingRate({ c: training(30), d: training(1) })).toBe(10)
  expect(trainingRate({ prepare: { ...training(1), activity: 'prepare' } })).toBe(0)
})

test('the proxy’s cost is told apart from what checks it', () => {
  const cost = {
    modular: { runs: 8, tokens: 1_500_000 },
    evidence: { runs: 20, tokens: 3_000_000 },
    left: { runs: 28, tokens: 4_500_000 },
    naive: { runs: 58, tokens: 9_700_000 },
    mixtures: 57,
    disk: { neededBytes: 28e6, freeBytes: 9e9 },
    estimate: null
  }
  const words =
    '8 runs of 1.50M tokens give 57 mixtures a proxy; 20 sequential models of 3.00M tokens check it. ' +
    'Training every mixture would be 58 runs of 9.70M tokens.'
  expect(planInWords(cost)).toBe(words)
  expect(demandInWords(cost, true)).toBe(`28 runs of 4.50M tokens. ${words}`)
  const some = { ...cost, left: { runs: 8, tokens: 1 } }
  expect(demandInWords(some, true)).toContain('28 runs of 4.50M tokens, 20 of them there already.')
  expect(demandInWords(cost, false)).toMatch(/^At least 28 runs .* each is taken for one\.$/)
  const none = { ...cost, evidence: { runs: 0, tokens: 0 } }
  expect(planInWords(none)).toContain('no sequential model checks it')
})
