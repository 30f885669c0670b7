/** Clocks that are set, forward and back, and other time zones: neither results nor rates mind. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Progress, Run } from '#shared/records'
import { pacedProgress } from '#engine/desk/pacedProgress'
import { Project } from '#engine/storage/project'
import { rateMeter } from '#engine/workers/rate'
import { timeAllowed } from '../../src/cli/commands/run'
import { tinyImports } from '../support/builtEngine'
import { live, outcomeOf } from '../support/studyLife'
import { temporaryFolder } from '../support/temporaryFolder'

const DAY = 86_400_000

/** A wall clock that is set every few ms: a day back, a year on, to before 1970, to after 2038. */
function setClocksAgainAndAgain(): NodeJS.Timeout {
  const jumps = [-DAY, 365 * DAY, -3 * 365 * DAY, 20 * 365 * DAY, -60 * 365 * DAY, 44 * 365 * DAY]
  let count = 0
  return setInterval(() => {
    const at = Date.now() + jumps[count++ % jumps.length]!
    vi.setSystemTime(new Date(at))
  }, 5)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-28T12:00:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

test('a study whose clock is set again and again comes to the same, with times that can be', async () => {
  const place = await mkdtemp(join(tmpdir(), 'assay-test-'))
  try {
    const imports = await tinyImports(place)
    const undisturbed = join(place, 'undisturbed')
    await live(undisturbed, imports)
    const disturbed = join(place, 'disturbed')
    const timer = setClocksAgainAndAgain()
    await live(disturbed, imports).finally(() => clearInterval(timer))
    expect(await outcomeOf(disturbed)).toEqual(await outcomeOf(undisturbed))
    const { runs } = await Project.open(disturbed, { readOnly: true })
    for (const { elapsedMs, tokensPerSecond } of runs) {
      expect(elapsedMs).toBeGreaterThanOrEqual(0)
      // No run of the test takes an hour.
      expect(elapsedMs).toBeLessThan(3_600_000)
      expect(tokensPerSecond).toBeGreaterThan(0)
    }
    const lines = (await readFile(join(disturbed, 'predictions.jsonl'), 'utf8')).trim().split('\n')
    for (const line of lines) {
      expect((JSON.parse(line) as { at: string }).at).toMatch(/^[-+\d]+T[\d:.]+Z$/)
    }
  } finally {
    await rm(place, { recursive: true })
  }
})

describe.each([
  ['back by a year', -365 * DAY],
  ['on by a year', 365 * DAY]
])('a clock set %s', (_, jump) => {
  test('leaves rates and what is left as they are', () => {
    const meter = rateMeter()
    const told: Progress[] = []
    const tell = pacedProgress('study', (event) => {
      if (event.kind === 'progress') told.push(event.progress as Progress)
    })
    const begin = { activity: 'train', label: 'law#1', total: 1000, unit: 'tokens' as const }
    const began = performance.now()
    tell({ ...begin, done: 0 })
    vi.setSystemTime(Date.now() + jump)
    // A clock that is set says nothing of how long this took.
    while (performance.now() - began < 20);
    const rate = meter.add(100)
    tell({ ...begin, done: 100 })
    const { rate: paced, secondsLeft } = told.at(-1)!
    for (const one of [rate, paced!]) {
      expect(one).toBeGreaterThan(0)
      expect(one).toBeLessThanOrEqual(100 / 0.019)
    }
    expect(secondsLeft).toBeGreaterThan(0)
    expect(secondsLeft).toBeLessThan(3600)
  })

  test('does not change which run comes first, nor which record counts', async () => {
    const project = await Project.create(join(await temporaryFolder(), 'p'))
    const run = (fingerprint: string): Run => ({
      fingerprint,
      role: 'branch',
      name: fingerprint,
      mixture: null,
      budget: null,
      chosenBy: null,
      baseUnits: 1,
      tokens: 1,
      steps: 1,
      state: 'waiting',
      finalLoss: null,
      elapsedMs: 0,
      tokensPerSecond: 0,
      backend: null,
      device: null,
      threads: null,
      host: null,
      error: null
    })
    await project.saveRun(run('first'))
    vi.setSystemTime(Date.now() + jump)
    await project.saveRun(run('second'))
    await project.saveRun({ ...run('first'), state: 'done' })
    await project.close()
    const again = await Project.open(project.folder, { readOnly: true })
    expect(again.runs.map(({ fingerprint, state }) => [fingerprint, state])).toEqual([
      ['first', 'done'],
      ['second', 'waiting']
    ])
  })
})

describe('how long a run may go on', () => {
  const clocks = (wall: string) => {
    const now = { wall: Date.parse(wall), steady: 1000 }
    return {
      now,
      clocks: { wall: () => now.wall, steady: () => now.steady }
    }
  }

  test('hours are hours, whatever the clock on the wall says', () => {
    const { now, clocks: faked } = clocks('2026-11-28T12:00:00Z')
    const isUp = timeAllowed({ hours: '2' }, faked)!
    now.wall += 300 * DAY
    expect(isUp()).toBe(false)
    now.wall -= 600 * DAY
    now.steady += 2 * 3_600_000
    expect(isUp()).toBe(true)
  })

  test.each([
    // Clocks go from 02:00 to 03:00 there in that night, and from 02:00 to 01:00 in the other.
    ['America/New_York', '2026-03-08T01:30:00-05:00', '03:00', '2026-03-08T03:00:00-04:00'],
    ['America/New_York', '2026-11-01T00:30:00-04:00', '03:00', '2026-11-01T03:00:00-05:00'],
    ['Asia/Kolkata', '2026-11-28T23:00:00+05:30', '08:00', '2026-11-29T08:00:00+05:30'],
    ['Pacific/Kiritimati', '2026-12-31T09:00:00+14:00', '08:00', '2027-01-01T08:00:00+14:00']
  ])('in %s from %s, %s is %s', (zone, from, until, end) => {
    const before = process.env['TZ']
    process.env['TZ'] = zone
    try {
      const { now, clocks: faked } = clocks(from)
      const isUp = timeAllowed({ until }, faked)!
      now.wall = Date.parse(end) - 1
      expect(isUp()).toBe(false)
      now.wall = Date.parse(end)
      expect(isUp()).toBe(true)
    } finally {
      if (before === undefined) delete process.env['TZ']
      else process.env['TZ'] = before
    }
  })

  test('what is written down of times is in UTC, wherever it is written', async () => {
    const before = process.env['TZ']
    process.env['TZ'] = 'Asia/Kolkata'
    try {
      const project = await Project.create(join(await temporaryFolder(), 'p'))
      const lock = JSON.parse(await readFile(join(project.folder, 'lock.json'), 'utf8')) as {
        since: string
      }
      const { createdAt } = JSON.parse(
        await readFile(join(project.folder, 'project.assay'), 'utf8')
      ) as { createdAt: string }
      await project.close()
      for (const at of [lock.since, createdAt]) expect(at).toMatch(/^2026-11-28T12:00:.*Z$/)
    } finally {
      if (before === undefined) delete process.env['TZ']
      else process.env['TZ'] = before
    }
  })
})
