import { expect, test } from 'vitest'
import type { Finding } from '#shared/diagnosis'
import { diagnosisCsv, numberWords } from '../../../src/renderer/state/diagnosisTable'

const finding: Finding = {
  claim: 'barrier',
  statement: 'A hill lies between branches',
  budget: null,
  verdict: 'no',
  measure: { name: 'barrier', value: -0.2094567, unit: 'nats/token' },
  threshold: 0.02,
  why: 'Their average is better than they are.',
  numbers: [
    { name: 'pairs, counted', value: 15, unit: '' },
    { name: 'unknown', value: null, unit: 'nats/token' }
  ]
}

test('numbers have their unit, counts no digits behind the point', () => {
  expect([finding.measure, ...finding.numbers].map(numberWords)).toEqual([
    '−0.209 nats/token',
    '15',
    '– nats/token'
  ])
})

test('what is copied has every number with full precision', () => {
  expect(diagnosisCsv([finding])).toBe(
    [
      'claim,budget,verdict,threshold,number,value,unit',
      'barrier,,no,0.02,barrier,-0.2094567,nats/token',
      'barrier,,no,0.02,"pairs, counted",15,',
      'barrier,,no,0.02,unknown,,nats/token',
      ''
    ].join('\r\n')
  )
})
