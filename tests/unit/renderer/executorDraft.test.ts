import { expect, test } from 'vitest'
import { LOCAL, clusterCommands, keepingOther, localSettingsOf } from '#shared/executors'
import {
  PLAIN_CLUSTER,
  chosenExecutor,
  executorFaults,
  keptSettings,
  linesFrom,
  withField
} from '../../../src/renderer/state/executorDraft'
import { problemWords, unconfirmedStudy } from '../../../src/renderer/state/problemHints'

test('an empty field is left to the cluster, or to its default', () => {
  const set = withField(withField(PLAIN_CLUSTER, 'partition', 'gpu'), 'cpus', 8)
  expect(set).toMatchObject({ partition: 'gpu', cpus: 8 })
  expect(withField(set, 'partition', '')).not.toHaveProperty('partition')
  expect(withField(set, 'cpus', NaN).cpus).toBe(1)
  expect(withField(set, 'memoryMegabytes', NaN)).not.toHaveProperty('memoryMegabytes')
})

test('what is wrong is said at its field, in the words of the schema', () => {
  expect(executorFaults(undefined)).toEqual({})
  expect(executorFaults(LOCAL)).toEqual({})
  expect(executorFaults(PLAIN_CLUSTER)).toEqual({})
  const faults = executorFaults({
    ...PLAIN_CLUSTER,
    pollSeconds: 5,
    timeMinutes: 1.5,
    host: '-oProxyCommand=x',
    setup: ['module load cuda', 'a\nb']
  })
  expect(Object.keys(faults).sort()).toEqual(['host', 'pollSeconds', 'setup', 'timeMinutes'])
  expect(faults['pollSeconds']).toContain('>=10')
  expect(faults['setup']).toBe('line 2: one line, without a line break')
  const options = ['--hold', '--array=1-2', '--output=x']
  expect(executorFaults({ ...PLAIN_CLUSTER, options })).toEqual({
    options: expect.stringMatching(/^line 2: --array is Assay's own/) as string
  })
  expect(executorFaults({ ...LOCAL, devices: [] })).toHaveProperty('devices')
})

test('what was typed of a cluster stays in a study that runs here, if it is sound', () => {
  const set = { ...PLAIN_CLUSTER, partition: 'gpu', setup: ['module load cuda'] }
  const fresh = keptSettings(undefined)
  expect(chosenExecutor('slurm', fresh)).toEqual(PLAIN_CLUSTER)
  // Nothing was said of a cluster: there is nothing to keep.
  expect(chosenExecutor('local', fresh)).toEqual(LOCAL)
  expect(chosenExecutor('local', { ...fresh, slurm: set })).toEqual({ ...LOCAL, cluster: set })
  const here = keptSettings({ ...LOCAL, devices: [1], cluster: set })
  expect(chosenExecutor('slurm', here)).toEqual({
    ...set,
    local: { devices: [1], runsPerDevice: null }
  })
  const wrong = { ...set, pollSeconds: 1 }
  expect(chosenExecutor('local', { ...here, slurm: wrong })).toEqual(here.local)
  // Who empties every field means it.
  const emptied = { ...keptSettings(set), slurm: PLAIN_CLUSTER }
  expect(chosenExecutor('local', emptied)).toEqual({ ...LOCAL, cluster: PLAIN_CLUSTER })
})

test('which GPUs were used stays in a study that goes to a cluster, and comes back with it', () => {
  const here = { ...LOCAL, devices: [0, 2], runsPerDevice: 3 }
  const there = chosenExecutor('slurm', keptSettings({ ...here, cluster: PLAIN_CLUSTER }))
  expect(there).toEqual({ ...PLAIN_CLUSTER, local: { devices: [0, 2], runsPerDevice: 3 } })
  expect(localSettingsOf(there)).toEqual(here)
  const back = chosenExecutor('local', keptSettings(there))
  expect(back).toEqual({ ...here, cluster: PLAIN_CLUSTER })
  // Saved by who says nothing of the other kind.
  expect(keepingOther(PLAIN_CLUSTER, back)).toEqual(there)
  expect(keepingOther(undefined, there)).toEqual(back)
  expect(keepingOther(LOCAL, there)).toEqual({ ...LOCAL, cluster: PLAIN_CLUSTER })
  expect(keepingOther(PLAIN_CLUSTER, LOCAL)).toEqual(PLAIN_CLUSTER)
  expect(keepingOther(undefined, here)).toBe(undefined)
  for (const executor of [there, back]) expect(executorFaults(executor)).toEqual({})
})

test('lines are what stands between breaks', () => {
  expect(linesFrom('\n module load cuda \n\n. env\n')).toEqual(['module load cuda', '. env'])
})

test('of a cluster, what it is used by is told apart from what it is asked for', () => {
  expect(clusterCommands(undefined)).toEqual({})
  expect(clusterCommands(LOCAL)).toEqual({})
  expect(clusterCommands({ ...PLAIN_CLUSTER, partition: 'gpu', gres: 'gpu:1' })).toEqual({})
  const set = {
    options: ['--exclude=a'],
    setup: ['x'],
    container: 'c',
    command: 'd',
    host: 'h',
    folder: '/f'
  }
  expect(clusterCommands({ ...PLAIN_CLUSTER, ...set })).toEqual(set)
})

test('a trainer that is not confirmed comes with what to do, quoted for a shell', () => {
  const plain = { stack: null, cause: null }
  const error = { ...plain, code: 'study/unconfirmed' as const, message: 'Read it.' }
  const words = problemWords({ ...error, details: { study: "it's" } })
  expect(words).toContain(`Read it.\nA browser cannot confirm it.`)
  expect(words).toContain(`assay run . --study='it'\\''s' --trust-commands`)
  expect(problemWords({ ...error, details: { study: 'a' } }, true)).toBe('Read it.')
  expect(unconfirmedStudy({ ...error, details: { study: 'a' } })).toBe('a')
  expect(unconfirmedStudy({ ...error, code: 'bug', details: { study: 'a' } })).toBe(null)
  expect(problemWords({ ...plain, code: 'bug', message: 'x', details: {} })).toBe('x')
})
