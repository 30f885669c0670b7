/** Text is prepared on a disk that refuses, or that runs low: it waits, and comes to the same. */
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ProjectSession } from '#engine'
import type { StudyEvent } from '#engine'
import { Project } from '#engine/storage/project'
import { parseStudy } from '#engine/studies/study'
import { builtEngine, tinyImports, tinyProject, tinyStudy } from '../support/builtEngine'
import { armFault, disarmFault } from '../support/faultyFiles'
import { inThreadPool } from '../support/inThreadPool'
import { filesOf } from '../support/studyLife'
import { temporaryFolder } from '../support/temporaryFolder'

vi.mock('node:fs/promises', async (original) => {
  const { faulty } = await import('../support/faultyFiles')
  return faulty(await original())
})

/** A project with text, whose jobs are done in this thread. */
async function textInThread(): Promise<ProjectSession> {
  const texts = await temporaryFolder()
  const project = await Project.create(join(texts, 'project'))
  const session = await ProjectSession.over(project, inThreadPool())
  onTestFinished(() => session.close())
  await session.saveStudy(parseStudy(tinyStudy(), 'the test'))
  for (const one of await tinyImports(texts)) await session.importCorpus(one)
  return session
}

test('a disk that is full once, at any operation, is waited for; the text comes out the same', async () => {
  const disk = { floorBytes: 0, everyMs: 5 }
  const whole = await textInThread()
  armFault(0)
  const prepared = await whole.prepare(whole.study())
  const { count } = disarmFault()
  const there = filesOf(whole.folder)
  expect(count).toBeGreaterThan(20)
  for (const point of [1, Math.round(count / 3), Math.round((2 * count) / 3), count - 1]) {
    const session = await textInThread()
    armFault(point, { kind: 'refused', code: 'ENOSPC' })
    const found = await session.prepare(session.study(), { disk, onEvent: () => undefined })
    const { log, hasFailed } = disarmFault()
    expect(hasFailed).toBe(true)
    expect(found, log[point - 1]).toEqual(prepared)
    expect(filesOf(session.folder), log[point - 1]).toEqual(there)
  }
})

test('nobody who hears of it: want of space is an error that says so', async () => {
  const session = await textInThread()
  armFault(5, { kind: 'refused', code: 'ENOSPC' })
  const preparing = session.prepare(session.study())
  await expect(preparing).rejects.toMatchObject({ code: 'storage/disk-full' })
  disarmFault()
})

test('below the floor nothing is prepared, and what is being prepared stops; then it goes on', async () => {
  const engine = builtEngine(2)
  onTestFinished(() => engine.close())
  const session = await tinyProject(engine, join(await temporaryFolder(), 'low'))
  const folder = { free: 1e8 }
  const events: StudyEvent[] = []
  const told: string[] = []
  let isLow = false
  const raise = () => setTimeout(() => (folder.free = 1e12), 300)
  const prepared = await session.prepare(session.study(), {
    disk: { free: () => Promise.resolve(folder.free), floorBytes: 1e9, everyMs: 5 },
    onProgress: ({ activity }) => {
      told.push(activity)
      // Once more, amid the work.
      if (!isLow) folder.free = 2e8
      isLow = true
    },
    onEvent: (event) => {
      events.push(event)
      if (event.kind !== 'disk') return
      told.push(event.waiting ? 'waits' : 'goes on')
      if (event.waiting) raise()
    }
  })
  expect(prepared.partitions).toHaveLength(2)
  expect(told.slice(0, 3)).toEqual(['waits', 'goes on', 'prepare'])
  expect(events[0]).toEqual({ kind: 'disk', waiting: { freeBytes: 1e8, floorBytes: 1e9 } })
  expect(events.at(-1)).toEqual({ kind: 'disk', waiting: null })
})

test('a study that is stopped while its text waits for space ends as one that was stopped', async () => {
  const session = await textInThread()
  const stop = new AbortController()
  const summary = await session.run(session.study(), {
    signal: stop.signal,
    disk: { free: () => Promise.resolve(1), floorBytes: 1e9, everyMs: 5 },
    onEvent: (event) => {
      if (event.kind === 'disk' && event.waiting) stop.abort(new Error('stopped by the user'))
    }
  })
  expect(summary).toMatchObject({ wasStopped: true, trained: 0, failed: [] })
  expect(await session.findPrepared(session.study())).toBe(null)
})
