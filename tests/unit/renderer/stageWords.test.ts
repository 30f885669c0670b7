import { expect, test } from 'vitest'
import type { ProjectGlimpse, ShelvedProject } from '#shared/deskView'
import { pictureWords, stageWords } from '../../../src/renderer/state/stageWords'

const project: ShelvedProject = {
  id: 'a',
  title: 'languages',
  where: '',
  changedAt: 1,
  studies: 1,
  partitions: 3,
  runs: 0,
  problem: null
}
const glimpse: ProjectGlimpse = { study: 'small', runs: null, picture: null, leftOut: null }

test('the stage of a project is told from what is known of it', () => {
  const counted = { ...glimpse, runs: { done: 3, planned: 8 } }
  expect([
    stageWords({ ...project, partitions: 0 }, undefined),
    stageWords(project, undefined),
    stageWords(project, counted),
    stageWords({ ...project, runs: 5 }, glimpse),
    stageWords({ ...project, problem: 'It is not there any more.' }, undefined)
  ]).toEqual(['no text yet', 'text imported', '3 of 8 runs', '5 runs done', 'cannot be opened'])
})

test('a picture has words that say what it shows, and that it shows a part', () => {
  const cells = [
    [-0.5, 0.25],
    [null, -0.125]
  ]
  const picture = { proxy: 'merge-micro', mixtures: 57, domains: 2, cells }
  expect(pictureWords('languages', { ...glimpse, picture })).toBe(
    'languages, study small: 57 mixtures (2 shown) on 2 domains, merge-micro against the seed: ' +
      '−0.500 to +0.250 nats per token, 67 % better; each domain to its own scale'
  )
})
