import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { seedPlace } from '#engine/studies/seedCheckpoints'
import { smallStudy } from '../../../support/preparedText'

test.each([
  ['seeds/0a1b/base', { folder: '/data/project/seeds/0a1b/base', inside: 'seeds/0a1b/base' }],
  ['/data/project-models/base', { folder: '/data/project-models/base', inside: null }],
  [
    '/data/project/exports/small/base',
    { folder: '/data/project/exports/small/base', inside: null }
  ],
  ['seeds/base', { folder: resolve('seeds/base'), inside: null }]
])('a study that starts from %s has its seed there', (path, place) => {
  const study = smallStudy({ seed: { source: 'checkpoint', path } })
  expect(seedPlace('/data/project', study)).toEqual(place)
})

test('a study of text starts from no checkpoint', () => {
  const seed = smallStudy().seed
  expect(seed.source).not.toBe('checkpoint')
  expect(seedPlace('/data/project', smallStudy())).toBeNull()
})
