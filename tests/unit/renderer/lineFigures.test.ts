import { expect, test } from 'vitest'
import type { BranchGeometry, LineLosses } from '#shared/diagnosis'
import {
  cosinesCsv,
  lineDomains,
  linePanels,
  linePanelsCsv
} from '../../../src/renderer/state/lineFigures'

const line = (kind: LineLosses['kind'], from: string, to: string, hasFiction: boolean) => ({
  kind,
  from,
  to,
  domains: [
    {
      domain: 'law',
      losses: [3, 3.25, 3.5, 3.25, 3],
      above: [0, 0.25, 0.5, 0.25, 0],
      barrier: 0.5
    },
    ...(hasFiction
      ? [{ domain: 'fiction', losses: [4, 4, 4, 4, 4], above: [0, 0, 0, 0, 0], barrier: 0 }]
      : [])
  ]
})
const lines = [line('seed-branch', 'seed', 'a#1', false), line('branch-branch', 'a#1', 'b#1', true)]

test('lines are drawn by kind, on domains that they are measured on', () => {
  expect(lineDomains(lines)).toEqual(['law', 'fiction'])
  expect(linePanels(lines, 'law', 'above').map(({ title }) => title)).toEqual([
    'seed to branch',
    'branch to branch'
  ])
  expect(linePanels(lines, 'fiction', 'losses')).toEqual([
    {
      title: 'branch to branch',
      lines: [{ name: 'a#1 to b#1', barrier: 0, values: [4, 4, 4, 4, 4] }]
    }
  ])
})

test('what is drawn is what is saved', () => {
  const text = linePanelsCsv(linePanels(lines, 'law', 'above'))
  expect(text.split('\r\n').slice(0, 3)).toEqual([
    'kind,line,t,nats_per_token,barrier',
    'seed to branch,seed to a#1,0,0,0.5',
    'seed to branch,seed to a#1,0.25,0.25,0.5'
  ])
  const geometry: BranchGeometry = {
    seedNorm: 2,
    branches: [
      { name: 'a#1', relativeDistance: 0.1 },
      { name: 'b#1', relativeDistance: 0 }
    ],
    cosines: [
      [1, null],
      [null, null]
    ]
  }
  expect(cosinesCsv(geometry)).toBe('branch,relative_distance,a#1,b#1\r\na#1,0.1,1,\r\nb#1,0,,\r\n')
})
