import { existsSync, readdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { cancelJobs, cancelWords } from '#engine/executors/slurm/cancelling'
import { sharedFolder } from '#engine/executors/slurm/clusterFolder'
import type { ClusterFolder } from '#engine/executors/slurm/clusterFolder'
import { ElementJobs } from '#engine/executors/slurm/elementJobs'
import type { QueueRecord } from '#engine/executors/slurm/queue'
import type { Want } from '#engine/executors/slurm/want'
import { WorkbenchError } from '#shared/errors'
import { SlurmExecutorSchema } from '#shared/executors'
import { pretendedSlurm } from '../../../support/pretendedSlurm'
import { until } from '../../../support/slurmCluster'
import { temporaryFolder } from '../../../support/temporaryFolder'

afterEach(() => void vi.unstubAllEnvs())

const pace = { pollMs: 60, watchMs: 10, graceMs: 150 }

/** A project on a pretended cluster, and a job of it that is asked for. */
async function asked(change: Partial<ClusterFolder> = {}) {
  const slurm = await pretendedSlurm()
  const project = await temporaryFolder()
  const jobs = new ElementJobs({
    project,
    study: 'small',
    settings: SlurmExecutorSchema.parse({ kind: 'slurm' }),
    program: { entry: '/opt/assay/cli.cjs', version: '1.2.3' },
    folder: { ...sharedFolder(project), ...change },
    pace
  })
  const words: string[] = []
  const stop = new AbortController()
  const ask = (look: Want['look']) => {
    const settled = { is: 'open' as unknown }
    jobs
      .do({
        kind: 'train',
        run: 'f'.repeat(64),
        label: 'seed',
        signal: stop.signal,
        look,
        onState: (news) => void words.push(news.words)
      })
      .then(
        () => (settled.is = 'done'),
        (error: unknown) => (settled.is = error)
      )
    return settled
  }
  const told = (pattern: RegExp) =>
    until(String(pattern), () => words.some((one) => pattern.test(one)))
  return { slurm, project, jobs, ask, told, stop, words }
}

const estale = () => Object.assign(new Error('ESTALE: stale file handle, read'), { code: 'ESTALE' })

test('a folder of outcomes that cannot be read is told, and looked at again', async () => {
  const { slurm, project, ask, told } = await asked()
  let isThere = false
  const settled = ask(() => Promise.resolve(isThere))
  await told(/waits in the queue/)
  // Read as a folder it says ENOTDIR, as one of a server that is away says ESTALE.
  await writeFile(join(project, 'outcomes'), '')
  await slurm.is('COMPLETED')
  await told(/it ended; what it left could not be read \(.*ENOTDIR.*\); it is looked at again/)
  await sleep(3 * pace.graceMs)
  expect(settled.is).toBe('open')
  await rm(join(project, 'outcomes'))
  isThere = true
  await until('its result', () => settled.is === 'done')
})

test('a result that a network does not show yet is no result that is missing', async () => {
  const { slurm, ask, told } = await asked()
  let found: () => Promise<boolean> = () => Promise.resolve(false)
  const settled = ask(() => found())
  await told(/waits in the queue/)
  found = () => Promise.reject(estale())
  await slurm.is('COMPLETED')
  await told(/it ended; what it left could not be read \(ESTALE/)
  await sleep(3 * pace.graceMs)
  expect(settled.is).toBe('open')
  found = () => Promise.resolve(true)
  await until('its result', () => settled.is === 'done')
})

test('nothing is said of an element that ended while what it left could not be copied', async () => {
  let error: WorkbenchError | null = null
  const { slurm, ask, told } = await asked({ pull: () => Promise.resolve(error) })
  let isThere = false
  const settled = ask(() => Promise.resolve(isThere))
  await told(/waits in the queue/)
  error = new WorkbenchError('executor/unavailable', 'rsync: connection unexpectedly closed')
  await told(/waits in the queue \(Priority\); what it left .*rsync: connection/)
  await slurm.is('COMPLETED')
  await told(/it ended; what it left could not be read \(rsync: connection/)
  await sleep(3 * pace.graceMs)
  expect(settled.is).toBe('open')
  error = null
  isThere = true
  await until('its result', () => settled.is === 'done')
})

test('one that left nothing is lost once that is known', async () => {
  const { slurm, ask, told } = await asked()
  const settled = ask(() => Promise.resolve(false))
  await told(/waits in the queue/)
  await slurm.is('COMPLETED')
  await until('its end', () => settled.is !== 'open')
  expect(settled.is).toMatchObject({ code: 'executor/lost' })
})

test('what is there since another day is brought and submitted no more', async () => {
  let isBrought = false
  const pull = () => {
    isBrought = true
    return Promise.resolve(null)
  }
  const { slurm, ask } = await asked({ pull })
  const settled = ask(() => Promise.resolve(isBrought))
  await until('its result', () => settled.is === 'done')
  expect(slurm.calls('sbatch')).toEqual([])
})

test('what failed another day is no word on a new try', async () => {
  let looks = 0
  const { slurm, ask } = await asked()
  const settled = ask(() => {
    looks++
    return looks === 1 ? Promise.reject(new Error('it went wrong')) : Promise.resolve(looks > 3)
  })
  await slurm.is('RUNNING')
  await until('its result', () => settled.is === 'done')
  expect(slurm.calls('sbatch')).toHaveLength(1)
})

test('a copy that cannot be made before submitting is told, and nothing is submitted', async () => {
  const error = new WorkbenchError('executor/unavailable', 'there is no rsync here')
  const { slurm, project, ask } = await asked({ pull: () => Promise.resolve(error) })
  const settled = ask(() => Promise.resolve(false))
  await until('its end', () => settled.is !== 'open')
  expect(settled.is).toBe(error)
  expect(slurm.calls('sbatch')).toEqual([])
  expect(existsSync(join(project, 'cluster')) && readdirSync(join(project, 'cluster'))).toBe(false)
})

test('who stops waits for no copy, and an element is taken out as soon as the controller has time', async () => {
  let isHanging = false
  let aborted = 0
  const pull: ClusterFolder['pull'] = async (_, signal) => {
    if (!isHanging) return null
    await new Promise<void>((resolve) => signal!.addEventListener('abort', () => resolve()))
    aborted++
    return null
  }
  const { slurm, ask, told, stop, words } = await asked({ pull })
  const settled = ask(() => Promise.resolve(false))
  await told(/waits in the queue/)
  const busy = `echo 'scancel: error: Kill job error on job id 7: Socket timed out on send/recv operation' >&2; exit 1`
  await slurm.has('scancel', busy)
  isHanging = true
  await sleep(2 * pace.pollMs)
  const reason = new Error('enough')
  stop.abort(reason)
  await told(/it could not be taken out of the queue: "Kill job error .*timed out/)
  expect(aborted).toBe(1)
  expect(settled.is).toBe('open')
  await slurm.has('scancel', 'touch "$HERE/cancelled"; exit 0')
  const before = slurm.calls('scancel').length
  await until('it to be asked again', () => slurm.calls('scancel').length > before)
  await slurm.is('CANCELLED')
  await until('its end', () => settled.is !== 'open')
  expect(settled.is).toBe(reason)
  expect(new Set(slurm.calls('scancel'))).toEqual(new Set(['7']))
  expect(words.filter((one) => one.includes('undefined'))).toEqual([])
})

test('what could not be cancelled is named; what is over already is no trouble', async () => {
  const slurm = await pretendedSlurm()
  const word = (name: string) => ({ word: name, elements: 1 })
  const says = (...lines: [string, string][]) => {
    const told = lines.map(([id, why]) => `scancel: error: Kill job error on job id ${id}: ${why}`)
    return slurm.has('scancel', `${told.map((one) => `echo '${one}' >&2`).join('\n')}\nexit 1`)
  }
  await says(['7', 'Invalid job id specified'], ['8', 'Access/permission denied'])
  expect(await cancelJobs({}, [word('7'), word('8'), word('9')], 1)).toEqual({
    words: [word('8')],
    said: expect.stringContaining('Access/permission denied') as string,
    mayPass: false
  })
  expect(slurm.calls('scancel')).toEqual(['7 8 9'])
  await says(['7', 'Job/step already completing or completed'])
  expect(await cancelJobs({}, [word('7')], 1)).toBeNull()
  // A controller that is away is asked three times, about what is left alone.
  await says(['8_[0-3]', 'Unable to contact slurm controller (connect failure)'])
  const left = await cancelJobs({}, [word('7'), word('8_[0-3]')], 1)
  expect(left).toMatchObject({ words: [word('8_[0-3]')], mayPass: true })
  expect(slurm.calls('scancel').slice(2)).toEqual(['7 8_[0-3]', '8_[0-3]', '8_[0-3]'])
})

test('elements are cancelled in few words: all that were meant, and no other that waits or runs', () => {
  const queued = (index: number): QueueRecord => ({
    name: 'assay-0123456789ab',
    array: '12',
    index,
    state: 'PENDING',
    reason: 'Priority',
    node: null,
    startedAt: null,
    submittedAt: null
  })
  const one = fc.record({ array: fc.constantFrom('12', '13'), index: fc.nat(40) })
  fc.assert(
    fc.property(fc.array(one), fc.uniqueArray(fc.nat(40)), (chosen, live) => {
      const words = cancelWords(chosen, live.map(queued))
      const meant = new Set(chosen.map(({ array, index }) => `${array}_${index}`))
      expect(words.reduce((sum, { elements }) => sum + elements, 0)).toBe(meant.size)
      const named = words.flatMap(({ word }) => {
        const [array, ranges] = word.split('_')
        if (ranges === undefined) return live.map((index) => `${array}_${index}`)
        return ranges
          .slice(1, -1)
          .split(',')
          .flatMap((range) => {
            const [first, last = first] = range.split('-').map(Number)
            return Array.from({ length: last! - first! + 1 }, (_, at) => `${array}_${first! + at}`)
          })
      })
      expect(named.filter((name) => !meant.has(name))).toEqual([])
      const wanted = [...meant].filter((name) => live.some((index) => name === `12_${index}`))
      expect(wanted.filter((name) => !named.includes(name))).toEqual([])
      // Ten thousand in a row are one question.
      expect(words.length).toBeLessThanOrEqual(2)
    })
  )
  expect(cancelWords([0, 1, 2, 5].map(queued), [])).toEqual([{ word: '12_[0-2,5]', elements: 4 }])
  expect(cancelWords([0, 1].map(queued), [0, 1].map(queued))).toEqual([{ word: '12', elements: 2 }])
})
